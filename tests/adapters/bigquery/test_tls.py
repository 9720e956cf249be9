"""Rows A8 and A18: over TLS, as the real service is reached, no flipped bit is taken for data."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from dli_adapters.bigquery.connection import BoundedSession
from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_domain.errors import ExecutionConnectionError, ExecutionError
from dli_domain.model.settings import BigQueryTarget
from tests.adapters.bigquery.conftest import new_scope
from tests.engines.local_bigquery import BigQueryServer
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.wire import flipping_wire

pytestmark = pytest.mark.xdist_group("bigquery")

ROWS = "SELECT n, CONCAT('row ', n) AS t FROM UNNEST(GENERATE_ARRAY(1, 50)) n ORDER BY n"
WANTED = tuple({"n": n, "t": f"row {n}"} for n in range(1, 51))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of its own for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_proxy(bigquery_server: BigQueryServer, certificate: Path) -> Iterator[FaultProxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with fault_proxy(bigquery_server.rest_port, context) as before:
        yield before


@contextmanager
def over_tls(port: int) -> Iterator[BigQueryExecutor]:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]  # no annotations
    session = BoundedSession(credentials, lambda: 20)
    endpoint = f"https://127.0.0.1:{port}"
    client = bigquery.Client(
        project="local",
        credentials=credentials,
        client_options={"api_endpoint": endpoint},
        _http=session,
    )
    target = BigQueryTarget(project="local", endpoint=endpoint)
    try:
        yield BigQueryExecutor(client, target, new_scope(20))
    finally:
        client.close()  # type: ignore[no-untyped-call]  # no annotations


def test_a8_no_flipped_bit_is_taken_for_data(
    tls_proxy: FaultProxy, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with over_tls(tls_proxy.port) as executor:
        assert executor.execute(ROWS).rows == WANTED
    told = whole = 0
    with flipping_wire(tls_proxy.port) as wire:
        for offset in range(0, 3000, 75):
            wire.offset = offset
            with over_tls(wire.port) as executor:
                try:
                    assert executor.execute(ROWS).rows == WANTED, f"at offset {offset}"
                    whole += 1
                except ExecutionError:
                    told += 1
        flipped = wire.flipped
    assert told + whole == 40
    # a run whose answers are shorter than the offset has no flipped bit, and all its rows
    assert flipped >= told >= 20


def test_a18_a_server_that_nobody_vouches_for_is_refused_at_once(
    tls_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with (
        over_tls(tls_proxy.port) as executor,
        pytest.raises(ExecutionConnectionError) as caught,
    ):
        executor.execute(ROWS)
    assert "certificate verify failed" in caught.value.context["Reason"]
    assert tls_proxy.requests == []


def test_a18_plain_http_on_a_tls_port_is_an_error_of_ours(tls_proxy: FaultProxy) -> None:
    target = BigQueryTarget(project="local", endpoint=f"http://127.0.0.1:{tls_proxy.port}")
    with (
        BigQueryExecutor.connect(target, new_scope(3)) as executor,
        pytest.raises(ExecutionError),
    ):
        executor.execute(ROWS)
    assert tls_proxy.requests == []
