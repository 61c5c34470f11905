"""What the server answers when it says no: a status, a code and a sentence, as Salesforce words them."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """One refusal. `status` is the HTTP status where a whole call fails of it."""

    def __init__(self, code: str, message: str, fields: list[str] | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.fields, self.status = code, message, fields, status

    def row(self) -> dict[str, Any]:
        """As single-row calls word it."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return body if self.fields is None else body | {"fields": self.fields}

    def result(self) -> dict[str, Any]:
        """As collection calls word it."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}


def no_such_column(field: str, entity: str) -> ApiError:
    """The refusal for a field that does not exist, or that this user may not see."""
    return ApiError(
        "INVALID_FIELD",
        f"No such column '{field}' on entity '{entity}'. If you are attempting to use a custom field, be "
        "sure to append the '__c' after the custom field name. Please reference your WSDL or the describe "
        "call for the appropriate names.",
    )


def no_such_type(name: str) -> ApiError:
    """The refusal for an object that does not exist."""
    return ApiError("INVALID_TYPE", f"sObject type '{name}' is not supported.")


def not_found() -> ApiError:
    """The refusal for a row or path that does not exist."""
    return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)


def not_writable(fields: list[str]) -> ApiError:
    """The refusal for fields that the user sees but may not change."""
    return ApiError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this "
        "field and verify that it is read/write for your profile or permission set.",
        fields,
    )


def session_expired() -> ApiError:
    """The refusal for a token that has ended or never was."""
    return ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def insufficient_access() -> ApiError:
    """The refusal for a call that needs a right which the user lacks."""
    return ApiError("INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id", status=403)
