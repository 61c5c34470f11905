FROM python:3.11-slim
WORKDIR /opt/sluicegate
COPY . .
RUN ./dev setup && ln -s /opt/sluicegate/.venv/bin/sluicegate /usr/local/bin/sluicegate
USER nobody
CMD ["sluicegate", "--help"]
