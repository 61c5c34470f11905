FROM python:3.11-slim
WORKDIR /opt/sluicegate
COPY dev pyproject.toml README.md requirements.lock requirements-build.lock requirements-uv.lock requirements-web.lock ./
COPY connectors connectors
COPY kpis kpis
COPY model model
COPY policies policies
COPY store store
COPY worker worker
# Bytecode is compiled here, because the user below may not write it: each start would compile 1,100 modules anew.
RUN ./dev setup web \
 && .venv/bin/python -m compileall -q .venv/lib connectors kpis model policies store worker \
 && ln -s /opt/sluicegate/.venv/bin/sluicegate /usr/local/bin/sluicegate
USER nobody
# For `worker --with-web`, `beat --with-web` and `web`: the process and the app beside it live.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ.get(\"SLUICEGATE_WEB__PORT\", 9464)}/healthz', timeout=4)"]
CMD ["sluicegate", "--help"]
