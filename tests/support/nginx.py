"""Debian's nginx with the shipped etc/nginx.conf, changed in addresses, ports and paths alone, in a temporary folder."""

import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

from .http_client import PATIENCE_S, until
from .server import CHECKOUT

CONFIGURATION = CHECKOUT / "etc/nginx.conf"
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
MAIN = """\
daemon off;
master_process on;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/trendgate.conf;
}}
"""


given_ports = set()


def free_port():
    """Below 32768, where no connection of the kernel's own choice has its end. None is given twice: whoever has it
    may not listen yet."""
    while True:
        port = random.randint(20000, 32000)
        if port in given_ports:
            continue
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        given_ports.add(port)
        return port


def replaced(text, pattern, by, count=1):
    """text with all that matches pattern replaced, which has to be there so often."""
    changed, found = re.subn(pattern, by, text, flags=re.M)
    assert found == count, f"etc/nginx.conf has {found} lines like {pattern}, not {count}"
    return changed


class Nginx:
    """with Nginx(ports of the nodes) as nginx: nginx.port speaks TLS."""

    def __init__(self, nodes):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trendgate-nginx-"))
        self.port = free_port()
        self.child = None
        self.make_certificate()
        self.write(nodes)

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)

    def write(self, nodes):
        text = CONFIGURATION.read_text(encoding="utf-8")
        for rule in ("max_fails=1 fail_timeout=1s;", "max_fails=0;"):
            servers = "".join(f"    server 127.0.0.1:{port} {rule}\n" for port in nodes)
            text = replaced(text, rf"(^    server \S+ {rule}.*\n)+", servers)
        text = replaced(text, r"listen 443 ", f"listen 127.0.0.1:{self.port} ")
        text = replaced(text, r"^    listen \[::\]:443 .*\n", "")
        text = replaced(text, r"server_name \S+;", "server_name localhost;")
        text = replaced(text, r"/etc/ssl/trendgate/", f"{self.folder}/", 2)
        (self.folder / "trendgate.conf").write_text(text, encoding="utf-8")
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder), encoding="utf-8")

    @property
    def words(self):
        return [PROGRAM, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log"]

    def check(self):
        """What `nginx -t` says of it: exit status and words."""
        done = subprocess.run([*self.words, "-t"], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def log(self):
        return (self.folder / "error.log").read_text(encoding="utf-8", errors="replace")

    def is_listening(self):
        assert self.child.poll() is None, f"nginx ended: {self.log()}"
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def trust(self):
        return ssl.create_default_context(cafile=self.folder / "fullchain.pem")

    def __enter__(self):
        self.child = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        until(self.is_listening, "nginx listens")
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(PATIENCE_S)
        shutil.rmtree(self.folder, ignore_errors=True)
