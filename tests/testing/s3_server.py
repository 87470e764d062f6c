#!/usr/bin/env python3
"""An S3 server for tests: moto, which checks signatures and permissions, behind a proxy with faults.

    s3_server.py FOLDER PORT PROXY_PORT [CERTIFICATE KEY]

The proxy checks what AWS checks and moto does not: the hashes of a body, the request's time, the
region, and the end of temporary credentials. Then it does what FOLDER/faults says, one rule a line:

    COUNT METHOD REGEX ACTION [ARGUMENT...]

for the next COUNT requests whose path and query the regex finds. Actions: "status CODE NAME" (an
error), "cut-request BYTES", "cut-answer BYTES" (the connection ends after so much of the body),
"lose-answer" (all is done, nothing is answered), "flip" (a wrong byte on the way to the server),
"hang", "delay SECONDS". A new text of the file begins anew.

FOLDER/requests has a line for each request, FOLDER/parts the most parts that were uploaded at the
same time. FOLDER/credentials is a shared credentials file with the profiles graft, denied, wrong
and unknown. With the proxy as instance endpoint, the role graft gives temporary ones; the
next of them, as many as FOLDER/expired says, are over. The bucket "backups" is empty, "many" has more
than one page of everything. FOLDER/ready appears when all serves. With a certificate the proxy
speaks TLS.
"""

import base64
import datetime
import hashlib
import http.client
import http.server
import json
import logging
import os
import pathlib
import re
import ssl
import sys
import threading
import time
import urllib.parse

for variable in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[variable]  # those are the test's, and moto is no client
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

# pylint: disable=wrong-import-position
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from moto.sts.models import sts_backends

FOLDER = pathlib.Path(sys.argv[1])
PORT, PROXY_PORT = int(sys.argv[2]), int(sys.argv[3])
REGION = "us-east-1"
MOST_SKEW = datetime.timedelta(minutes=15)
MANY = 1005  # more than S3 lists at once
lock = threading.Lock()


class Faults:
    """The rules of FOLDER/faults, and how often each may still be used."""

    text = None
    rules = []

    def take(self, method, target):
        with lock:
            path = FOLDER / "faults"
            text = path.read_text() if path.exists() else ""
            if text != self.text:
                self.text = text
                self.rules = [line.split() for line in text.splitlines() if line]
            for rule in self.rules:
                if int(rule[0]) > 0 and rule[1] == method and re.search(rule[2], target):
                    rule[0] = int(rule[0]) - 1
                    return rule[3], rule[4:]
        return None, []


faults = Faults()
temporary = {}  # key id -> whether it is over


def make_credentials():
    iam = iam_backends[ACCOUNT]["aws"]
    everything = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    profiles = []
    for name in ("graft", "denied"):
        iam.create_user(REGION, name)
        key = iam.create_access_key(name)
        profiles.append((name, key.access_key_id, key.secret_access_key))
    iam.put_user_policy("graft", "all", json.dumps(everything))
    profiles.append(("wrong", profiles[0][1], "not" + profiles[0][2]))
    profiles.append(("unknown", "AKIAUNKNOWNUNKNOWN00", profiles[0][2]))
    role = iam.create_role("graft", json.dumps(everything), "/", "", "", [], "3600")
    iam.put_role_policy("graft", "all", json.dumps(everything))
    (FOLDER / "credentials").write_text("".join(
        f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n\n"
        for name, key, secret in profiles))
    return role.arn


def temporary_credentials(role):
    count = FOLDER / "expired"
    over = int(count.read_text()) if count.exists() else 0
    made = sts_backends[ACCOUNT]["aws"].assume_role(
        region_name=REGION, role_arn=role, role_session_name="test", policy=None, duration=3600,
        external_id=None)
    temporary[made.access_key_id] = over > 0
    count.write_text(str(max(0, over - 1)))
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": made.access_key_id,
                       "SecretAccessKey": made.secret_access_key, "Token": made.session_token,
                       "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()


def check_hashes(headers, body):
    sha256 = hashlib.sha256(body)
    given = headers.get("x-amz-content-sha256")
    if given != "UNSIGNED-PAYLOAD" and given != sha256.hexdigest():
        return 400, "XAmzContentSHA256Mismatch"
    for name, digest in (("Content-MD5", hashlib.md5(body)), ("x-amz-checksum-sha256", sha256)):
        if name in headers and headers[name] != base64.b64encode(digest.digest()).decode():
            return 400, "BadDigest"
    return None


def check_request(headers, body):
    """The HTTP status and the name of an error, or None."""
    scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/s3/", headers.get("Authorization", ""))
    if not scope:
        return 403, "AccessDenied"
    if scope.group(2) != REGION:
        return 400, "AuthorizationHeaderMalformed"
    sent = datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    if abs(datetime.datetime.utcnow() - sent) > MOST_SKEW:
        return 403, "RequestTimeTooSkewed"
    if temporary.get(scope.group(1)):
        return 400, "ExpiredToken"
    return check_hashes(headers, body)


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    role = ""
    counted = False
    parts = most_parts = 0  # that are uploaded at the same time

    def log_message(self, *_):
        pass

    def note(self, what):
        with lock, (FOLDER / "requests").open("a") as file:
            extra = "".join(f" {name}={self.headers[name]}" for name in
                            ("Range", "If-Match", "If-None-Match", "x-amz-server-side-encryption")
                            if name in self.headers)
            file.write(f"{self.command} {urllib.parse.unquote(self.path)}{extra} -> {what}\n")

    def answer(self, status, body=b"", headers=()):
        self.uncount()  # the client may send the next one as soon as it has this answer
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, name):
        self.answer(int(status), (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{name}</Code><Message>as the test '
            f"wants</Message><Region>{REGION}</Region></Error>").encode())

    def cut(self, what):
        self.note(what)
        self.close_connection = True
        self.connection.close()

    def instance(self):
        if self.path == "/latest/api/token":
            return self.answer(200 if self.command == "PUT" else 405, b"instance-token")
        if self.headers.get("X-aws-ec2-metadata-token") != "instance-token":
            return self.answer(401)
        if self.path.endswith("/security-credentials/"):
            return self.answer(200, b"graft")
        return self.answer(200, temporary_credentials(self.role))

    def forward(self, body):
        server = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":  # the proxy has answered that
                server.putheader(name, value)
        server.endheaders(body)
        got = server.getresponse()
        dropped = ("connection", "transfer-encoding", "date", "server")
        headers = [pair for pair in got.getheaders() if pair[0].lower() not in dropped]
        data = got.read()
        server.close()
        return got.status, data, headers

    def handle_one(self):
        with lock:
            self.counted = "partNumber=" in self.path
            Proxy.parts += self.counted
            Proxy.most_parts = max(Proxy.parts, Proxy.most_parts)
            (FOLDER / "parts").write_text(str(Proxy.most_parts))
        try:
            self.handle_faulty()
        finally:
            self.uncount()

    def uncount(self):
        with lock:
            Proxy.parts -= self.counted
            self.counted = False

    def handle_faulty(self):
        length = int(self.headers.get("Content-Length", 0))
        if self.path.startswith("/latest/"):
            self.rfile.read(length)
            return self.instance()
        action, arguments = faults.take(self.command, urllib.parse.unquote(self.path))
        if action == "cut-request":
            self.rfile.read(min(length, int(arguments[0])))
            return self.cut(action)
        body = self.rfile.read(length)
        if action == "status":
            return self.error(*arguments)
        if action == "hang":
            self.note(action)
            self.close_connection = True
            return self.connection.recv(1)  # until the client gives up
        if action == "delay":
            time.sleep(float(arguments[0]))
        if action == "flip":
            body = bytes([body[0] ^ 1]) + body[1:]
        fault = check_request(self.headers, body)
        if fault:
            return self.error(*fault)
        status, data, headers = self.forward(body)
        if action == "lose-answer":
            return self.cut(action)
        if action == "cut-answer":
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[:int(arguments[0])])
            return self.cut(action)
        return self.answer(status, data, headers)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one


class ProxyServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionResetError):  # a client that gave up
            super().handle_error(request, client_address)


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer("127.0.0.1", PORT, verbose=False)
    Proxy.role = make_credentials()
    store = s3_backends[ACCOUNT]["aws"]
    store.create_bucket("backups", REGION)
    store.create_bucket("many", REGION)
    for number in range(MANY):
        store.put_object("many", f"shop/0/many/{number}", b"x")
        store.put_object("many", f"shop/{number}/one/1", b"x")
    moto.start()
    server = ProxyServer(("127.0.0.1", PROXY_PORT), Proxy)
    if len(sys.argv) > 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    (FOLDER / "ready").write_text("")
    server.serve_forever()


main()
