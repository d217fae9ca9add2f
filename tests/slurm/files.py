"""The configuration files of a Slurm that tests start."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

nodes = ("one", "two")
devices = ("/dev/null", "/dev/zero")  # they stand for a node's two GPUs


@dataclass(frozen=True)
class Ports:
    """The TCP ports of the daemons, on the loopback interface."""

    controller: int
    accounting: int
    database: int
    nodes: tuple[int, ...]


def free_ports() -> Ports:
    """Ports that nobody listens at; all are held until all are known, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3 + len(nodes))]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return Ports(*numbers[:3], nodes=tuple(numbers[3:]))


def write(folder: Path, ports: Ports, *, accounting: bool) -> None:
    """Write everything that the daemons read; all else that they write is below ``folder`` too."""
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    (folder / "munge.key").touch(mode=0o600)
    (folder / "munge.key").write_bytes(secrets.token_bytes(1024))
    settings = slurm(folder, ports) + (accounts(folder, ports) if accounting else "")
    (folder / "slurm.conf").write_text(settings)
    gres = [f"NodeName={','.join(nodes)} Name=gpu Type=pretend File={device}" for device in devices]
    (folder / "gres.conf").write_text("\n".join(gres) + "\n")
    if accounting:
        (folder / "slurmdbd.conf").touch(mode=0o600)
        (folder / "slurmdbd.conf").write_text(database(folder, ports))
    # The plugin's job step drops every variable of Slurm, also the one that says where this file is.
    wrapper = folder / "bin" / "srun"
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec /usr/bin/srun "$@"\n')
    wrapper.chmod(0o755)


def slurm(folder: Path, ports: Ports) -> str:
    """slurm.conf; no cgroups, which containers refuse, and more cores and memory than the machine need have."""
    host = socket.gethostname().split(".")[0]
    machines = "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
        f" CPUs=8 RealMemory=64000 Gres=gpu:pretend:{len(devices)}"
        for name, port in zip(nodes, ports.nodes, strict=True)
    )
    return f"""\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports.controller}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
KillWait=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{machines}
PartitionName=normal Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2
"""


def accounts(folder: Path, ports: Ports) -> str:
    """What slurm.conf says of the accounting."""
    return f"""\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports.accounting}
AccountingStoragePass={folder}/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
"""


def database(folder: Path, ports: Ports) -> str:
    """slurmdbd.conf; the database listens on the loopback interface alone, as its root without a password."""
    return f"""\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={ports.accounting}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports.database}
StorageUser=root
StorageLoc=slurm
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""
