# SPDX-License-Identifier: Apache-2.0
"""What schemathesis has no serializers for, as schema.py loads it."""
import schemathesis


@schemathesis.serializer("text/csv", "application/x-ndjson",
                         "application/ocsp-request")
def as_text(_, value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", errors="replace")
