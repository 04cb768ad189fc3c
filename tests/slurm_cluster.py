"""A real Slurm on this machine: several virtual nodes, daemons on loopback, nothing left behind.

Debian's slurmd can be started once a node under names of their own. There is no systemd, no cgroups, no
accounting and nothing in /etc: key, sockets, ports and configuration are the cluster's own, and so two of
them may run at once. Nodes claim more cores and memory than the machine has, so that jobs ask for what they
would ask for elsewhere; their GPUs are device nodes that nobody opens.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from scripts.lib.run.processes import PR_SET_PDEATHSIG

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
CORES, MEMORY = 3, 64_000  # of a node, claimed; MB
STARTED_SECONDS = 30
LIBC = ctypes.CDLL(None)

SLURM_CONF = """\
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/spool.%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=600
KillWait=1
SlurmctldTimeout=10
SlurmdTimeout=10
GresTypes=gpu
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = (
    "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory} "
)
NODE += "Gres=gpu:1\n"


def why_not() -> str | None:
    """Say what is missing for a Slurm on this machine; None if nothing is."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"Slurm's programs are not here: {', '.join(missing)} (Debian: slurm-wlm, munge)"
    return None if os.geteuid() == 0 else "Slurm's daemons are started as root only"


class SlurmCluster:
    """A controller and several nodes, all of them processes of this one."""

    def __init__(self, folder: Path, nodes: int = 3, cores: int = CORES) -> None:
        self.folder, self.nodes = folder, [f"vn{number}" for number in range(1, nodes + 1)]
        self._cores = cores
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._write_configuration()

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process of a user of this cluster has in its environment."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def ask(self, *command: str) -> str:
        """Run a program of Slurm and return what it says."""
        answer = subprocess.run(command, env=os.environ | self.environment, text=True, capture_output=True)
        if answer.returncode:
            raise AssertionError(f"{' '.join(command)}: {answer.stderr}{self.logs()}")
        return answer.stdout

    def jobs(self, states: str = "all") -> list[dict[str, str]]:
        """Return what the controller knows of each job, by the names of `scontrol show job`."""
        wanted = self.ask("squeue", "--noheader", f"--states={states}", "--format=%i").split()
        told = [self.ask("scontrol", "--oneliner", "show", "job", each) for each in wanted]
        return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in told]

    def jobs_by_id(self) -> dict[str, dict[str, str]]:
        """Return what the controller knows of each job, by its number."""
        return {job["JobId"]: job for job in self.jobs()}

    def start(self) -> None:
        """Start everything, and wait until all nodes are idle."""
        conf = str(self.folder / "slurm.conf")
        munged = ["munged", "--foreground", "--force", f"--key-file={self.folder}/munge.key"]
        files = [f"--{kind}-file={self.folder}/munge.{kind}" for kind in ("pid", "log", "seed")]
        self._start("munged", [*munged, *files, f"--socket={self.folder}/munge.sock"])
        wait_for(lambda: (self.folder / "munge.sock").exists(), "munged listens")
        self._start("slurmctld", ["slurmctld", "-D", "-i", "-f", conf])
        for node in self.nodes:
            self.start_node(node)
        self.wait_for_nodes()

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._start(node, ["slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf")])

    def wait_for_nodes(self) -> None:
        """Wait until all nodes can take jobs."""
        ready = {"idle", "mixed", "allocated"}
        said = ("sinfo", "--noheader", "--Node", "--format=%T")
        wait_for(
            lambda: [*map(ready.__contains__, self.ask(*said).split())].count(True) == len(self.nodes),
            "nodes",
        )

    def kill_node(self, node: str) -> None:
        """Kill the daemon of a node and all that it runs, as a power failure would."""
        at_work = self.ask("squeue", "--noheader", f"--nodelist={node}", "--format=%A").split()
        daemon = self._daemons.pop(node)
        daemon.kill()
        daemon.wait()
        for job in at_work:
            self.kill_supervised(rf"slurmstepd: \[{job}\.")

    def hasten(self, job: str) -> None:
        """Have a job start that was queued again; Slurm would let it wait for two minutes."""
        wait_for(lambda: self.jobs_by_id()[job]["JobState"] == "PENDING", f"job {job} is queued again", 90)
        self.ask("scontrol", "update", f"JobId={job}", "StartTime=now")

    def restart_controller(self) -> None:
        """End the controller and start it again from the state that it saved."""
        self._daemons["slurmctld"].terminate()
        self._daemons["slurmctld"].wait()
        self._start("slurmctld", ["slurmctld", "-D", "-f", str(self.folder / "slurm.conf")])

    def stop(self) -> None:
        """Cancel what is at work and end every daemon."""
        with suppress(AssertionError, KeyError):
            if self._daemons["slurmctld"].poll() is None:
                self.ask("scancel", "--user=root")
                wait_for(lambda: not self.jobs("running,completing"), "jobs end", 10)
        for daemon in reversed([*self._daemons.values()]):
            daemon.terminate()
        for daemon in self._daemons.values():
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.kill_supervised()  # of a job whose node or controller was killed

    def kill_supervised(self, title: str = "slurmstepd") -> None:
        """Kill supervisors of this cluster's jobs, by their titles, and all that they started."""
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if re.match(title, " ".join(process.info["cmdline"] or [])) and self._is_ours(process):
                    for each in [process, *process.children(recursive=True)]:
                        with suppress(psutil.NoSuchProcess):
                            each.kill()

    def _is_ours(self, process: psutil.Process) -> bool:
        """Tell whether a supervisor is of this cluster: it writes to the log of its node."""
        return any(Path(file.path).parent == self.folder for file in process.open_files())

    def logs(self) -> str:
        """Return the ends of all logs, for the report of a failure."""
        return "\n".join(f"--- {p.name}\n{p.read_text()[-3000:]}" for p in sorted(self.folder.glob("*.log")))

    def _start(self, name: str, command: list[str]) -> None:
        output = (self.folder / f"{name}.said.log").open("ab")
        self._daemons[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=die_with_tests
        )
        output.close()

    def _write_configuration(self) -> None:
        ports = free_ports(1 + len(self.nodes))
        for name in ("state", "bin"):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(1024))
        text, gpus = SLURM_CONF.format(controller=ports[0], folder=self.folder), ""
        for node, port in zip(self.nodes, ports[1:], strict=True):
            device = self.folder / f"gpu.{node}.0"
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            gpus += f"NodeName={node} Name=gpu File={device}\n"
            text += NODE.format(name=node, port=port, cpus=self._cores, memory=MEMORY)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(gpus)
        # The plugin clears SLURM_CONF before it calls srun, which would then look in /etc.
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)


def die_with_tests() -> None:
    """Ask the kernel to end a daemon when the tests end, whatever ends them."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(condition: Callable[[], bool], what: str, seconds: float = STARTED_SECONDS) -> None:
    """Wait for something of the cluster; it is asked seldom, because each question is a process."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(AssertionError):
            if condition():
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.2)


@contextmanager
def slurm_cluster(folder: Path, nodes: int = 3, cores: int = CORES) -> Iterator[SlurmCluster]:
    """Yield a cluster that is ready for jobs, and end it."""
    cluster = SlurmCluster(folder, nodes, cores)
    try:
        cluster.start()
        yield cluster
    except BaseException:
        print(cluster.logs(), file=sys.stderr)
        raise
    finally:
        cluster.stop()
