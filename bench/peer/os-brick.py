"""Runs in the guest: `os-brick.py PORT`. Attaches and detaches volumes by os-brick, as nova and cinder
have it do, and takes the time.

A process that stays, so that nobody waits for Python to start. One order a connection, on loopback:
a line of JSON comes in, {"order": "attach" or "detach", "volumes": [{"id": ..., "properties": ...}]},
and {"ms": ...} or {"error": ...} goes out. The volumes of an order are worked on at once, a thread each.
"""

import json
import socketserver
import sys
import threading
import time
import traceback

import os_brick
from os_brick import privileged
from os_brick.initiator import connector
from oslo_concurrency import lockutils
from oslo_config import cfg

LOCKS = "/run/os-brick-locks"
# cinder's default of num_volume_device_scan_tries, and os-brick's own.
SCAN_ATTEMPTS = 3

# By volume: what an attach returned, which the detach must be given.
devices = {}


def connect(iscsi, volume):
    devices[volume["id"]] = iscsi.connect_volume(volume["properties"])
    if "multipath_id" not in devices[volume["id"]]:
        raise RuntimeError(f"no map was made: {devices[volume['id']]}")


def disconnect(iscsi, volume):
    iscsi.disconnect_volume(volume["properties"], devices.pop(volume["id"]))


def at_once(work, iscsi, volumes):
    """Returns what went wrong."""
    faults = []

    def run(volume):
        try:
            work(iscsi, volume)
        except Exception:
            faults.append(traceback.format_exc())

    threads = [threading.Thread(target=run, args=(volume,)) for volume in volumes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


class Orders(socketserver.StreamRequestHandler):
    def handle(self):
        order = json.loads(self.rfile.readline())
        work = {"attach": connect, "detach": disconnect}[order["order"]]
        started = time.monotonic()
        faults = at_once(work, self.server.iscsi, order["volumes"])
        took = (time.monotonic() - started) * 1000
        answer = {"error": "\n".join(faults)} if faults else {"ms": took}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def main(port):
    lockutils.set_defaults(LOCKS)
    cfg.CONF([], project="os-brick-bench")
    os_brick.setup(cfg.CONF)
    # We are root: what is privileged is called, not sent to a daemon.
    privileged.default.set_client_mode(False)
    with socketserver.TCPServer(("127.0.0.1", port), Orders) as server:
        server.iscsi = connector.InitiatorConnector.factory(
            "ISCSI", "sudo", use_multipath=True, device_scan_attempts=SCAN_ATTEMPTS
        )
        server.serve_forever()


main(int(sys.argv[1]))
