"""A socket between midflight and a PostgreSQL server, where the connection can be cut or can fall silent."""
import os
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

PORT = 5432


class Relay:
    """`with Relay(server) as relay`: what connects to relay.address(...) is on the server. The socket has a folder of its own: the path
    of one may be no longer than 107 bytes."""

    def __init__(self, server):
        self.folder, self.target = Path(tempfile.mkdtemp(prefix="midflight-relay-")), str(server.folder / f".s.PGSQL.{server.port}")
        self.flowing = threading.Event()
        self.flowing.set()
        self.pairs = []

    def __enter__(self):
        self.folder.chmod(0o755)
        path = str(self.folder / f".s.PGSQL.{PORT}")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.flowing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()
        shutil.rmtree(self.folder)

    def accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    server.connect(self.target)
                except OSError:  # it is not there, for now
                    client.close()
                    server.close()
                    continue
                self.pairs.append((client, server))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                self.flowing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Every connection there is."""
        for pair in self.pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def stall(self):
        """Nothing comes through in either direction, until `resume`; the connections stay."""
        self.flowing.clear()

    def resume(self):
        self.flowing.set()

    @property
    def place(self):
        return f"host={self.folder} port={PORT}"

    def address(self, database, user):
        return f"postgresql://{user}@/{database}?host={self.folder}&port={PORT}"
