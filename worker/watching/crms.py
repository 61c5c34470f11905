"""What `doctor` asks the CRMs: `connection check` of each, and when certificates end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connectors.shared.client.certificates import ends_soon, first_end
from model.errors import AccessRefused, BudgetSpent, PolicyProblem, RetryLater, SettingsProblem
from model.sync import CertificateRemark, ClockRemark, Remark
from worker.usecases.connection import check
from worker.watching.findings import Finding, FindingLevel, or_fine

if TYPE_CHECKING:
    from pathlib import Path

    from worker.wiring import Services

LEVELS: Final[dict[str, FindingLevel]] = {"missing": "wrong", "warning": "warning"}
"""What a remark of `connection check` is to `doctor`; what works and mere notes are left to the check."""


@dataclass
class Asked:
    """What the CRMs' connections gave."""

    connections: list[Finding] = field(default_factory=list)
    clocks: dict[str, Remark] = field(default_factory=dict)
    certificates: list[Finding] = field(default_factory=list)

    def take(self, name: str, remark: Remark) -> None:
        """Sort a remark of `connection check` by its topic."""
        if isinstance(remark, ClockRemark):
            self.clocks[name] = remark  # of two about one clock, the last says what follows
        elif isinstance(remark, CertificateRemark):
            self.certificates.append(Finding("certificates", "warning", remark.text, name))
        elif remark.level in LEVELS:
            self.connections.append(Finding("connections", LEVELS[remark.level], remark.text, name))


def ask_all(services: Services) -> Asked:
    """Check every connection as `connection check` does; one that fails leaves the others to be checked."""
    asked = Asked()
    for name in services.settings.connections:
        try:
            for remark in check(services, name):
                asked.take(name, remark)
        except (AccessRefused, SettingsProblem, PolicyProblem) as e:
            asked.connections.append(Finding("connections", "wrong", str(e), name))
        except (RetryLater, BudgetSpent) as e:
            asked.connections.append(Finding("connections", "away", str(e), name))
    return asked


def of_connections(services: Services, asked: Asked) -> list[Finding]:
    """Logins, permissions and fields."""
    names = ", ".join(services.settings.connections) or "None is configured"
    return or_fine("connections", asked.connections, f"{names}: Sluicegate may read and write all that it needs.")


def of_certificates(services: Services, asked: Asked) -> list[Finding]:
    """Certificates of the CRMs and in `ca_file` that have ended or end soon."""
    now, found = services.clock(), list(asked.certificates)
    for name, connection in services.settings.connections.items():
        path = connection.ca_file and services.settings.path(connection.ca_file)
        said = ends_soon(f"A certificate in {path}", _first_end(path), now) if path else None
        found += [Finding("certificates", "warning", said, name)] if said else []
    return or_fine("certificates", found, "No certificate in use ends within two weeks.")


def _first_end(path: Path) -> Any:
    """When the first certificate of a file ends; None where it cannot be read, which opening the connection says."""
    try:
        return first_end(path)
    except OSError:
        return None
