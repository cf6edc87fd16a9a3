"""Finds which functions of a program run: each has a breakpoint until it has been reached once, in every process of the program.

For Linux on x86-64, by ptrace(2); the program must be position-dependent, as a release build is.
"""

import ctypes
import os
import pathlib
import signal
import struct
import subprocess

LIBC = ctypes.CDLL(None)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
# <sys/ptrace.h>
TRACEME, CONT, GETREGS, SETREGS, SETOPTIONS = 0, 7, 12, 13, 0x4200
# Follow fork, vfork, clone and exec; end with the tracer.
OPTIONS = 0x2 | 0x4 | 0x8 | 0x10 | 0x100000
EXEC = 4
# <sys/wait.h>: threads as well.
ALL = 0x40000000
# struct user_regs_struct: 27 numbers, of which this is the instruction pointer.
REGISTERS, POINTER = 27, 16
BREAKPOINT = 0xCC
PIECE = 1 << 20

# A worker that has started drops its pages of code, and the breakpoints with them: instead, this tells the tracer.
PRELOAD = """
#include <sys/mman.h>
int madvise(void *begin, unsigned long size, int advice) {
    if (advice == MADV_DONTNEED) __asm__ volatile("int3");
    return 0;
}
"""


class FunctionTracer:
    """The functions of one program that ran before a process came to rest (`first`) and after it (`resting`), in their order."""

    def __init__(self, program, folder):
        self.program = os.stat(program)
        self.names = {}
        for line in subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout.splitlines():
            words = line.split(maxsplit=2)
            if len(words) == 3 and words[1] in "tTwW":
                # Of functions that the linker has folded, one stands for all.
                self.names.setdefault(int(words[0], 16), words[2])
        self.low, self.high = min(self.names), max(self.names) + 1
        self.original = None
        self.reached_first, self.reached_resting = {}, {}
        source = pathlib.Path(folder) / "rest.c"
        source.write_text(PRELOAD)
        self.preload = source.with_suffix(".so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.preload, source], check=True)

    def run(self, command, env, cwd):
        """Runs a command to its end, with all processes that it starts; returns its exit status."""
        self.known, self.rested, self.groups = set(), set(), {}
        result = None
        first = os.fork()
        if first == 0:
            try:
                silent = os.open(os.devnull, os.O_RDWR)
                for number in (0, 1):
                    os.dup2(silent, number)
                os.chdir(cwd)
                LIBC.ptrace(TRACEME, 0, 0, 0)
                os.execvpe(command[0], command, {**env, "LD_PRELOAD": str(self.preload)})
            finally:
                # What the tracer has to clear up is not this process's.
                os._exit(127)
        while True:
            try:
                pid, status = os.waitpid(-1, ALL)
            except ChildProcessError:
                break
            if pid == first and not os.WIFSTOPPED(status):
                result = os.waitstatus_to_exitcode(status)
            if os.WIFSTOPPED(status):
                LIBC.ptrace(CONT, pid, 0, self.stopped(pid, os.WSTOPSIG(status), status >> 16))
        return result

    def stopped(self, pid, number, event):
        """Deals with a stop of a thread; returns the signal that it shall get."""
        if pid not in self.known:
            self.known.add(pid)
            LIBC.ptrace(SETOPTIONS, pid, 0, OPTIONS)
            if number == signal.SIGTRAP:
                self.arm(pid, self.names.keys() - self.reached_first.keys())
            return 0
        if event:
            if event == EXEC:
                self.arm(pid, self.names.keys() - self.reached_first.keys())
            return 0
        return self.reached(pid) if number == signal.SIGTRAP else 0 if number == signal.SIGSTOP else number

    def reached(self, pid):
        """Notes the function that a thread has come to, and takes its breakpoint away; a program may also say that it rests."""
        buffer = ctypes.create_string_buffer(REGISTERS * 8)
        LIBC.ptrace(GETREGS, pid, 0, ctypes.addressof(buffer))
        values = list(struct.unpack(f"{REGISTERS}Q", buffer.raw))
        address = values[POINTER] - 1
        group = self.group(pid)
        if address not in self.names:
            if group not in self.rested:
                self.rested.add(group)
                self.arm(pid, self.names.keys() - self.reached_resting.keys())
            return 0
        (self.reached_resting if group in self.rested else self.reached_first).setdefault(address)
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(address)
            memory.write(bytes([self.original[address - self.low]]))
        values[POINTER] = address
        ctypes.memmove(buffer, struct.pack(f"{REGISTERS}Q", *values), len(buffer) - 1)
        LIBC.ptrace(SETREGS, pid, 0, ctypes.addressof(buffer))
        return 0

    def group(self, pid):
        """The process of a thread."""
        if pid not in self.groups:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            self.groups[pid] = int(text.split("Tgid:")[1].split()[0])
        return self.groups[pid]

    def arm(self, pid, addresses):
        """Puts the breakpoints into a process, if it executes the program."""
        try:
            found = os.stat(f"/proc/{pid}/exe")
        except OSError:
            return
        if (found.st_dev, found.st_ino) != (self.program.st_dev, self.program.st_ino):
            return
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            if self.original is None:
                self.original = self.read(memory)
            text = bytearray(self.original)
            for address in addresses:
                text[address - self.low] = BREAKPOINT
            for place in range(0, len(text), PIECE):
                memory.seek(self.low + place)
                memory.write(text[place:place + PIECE])

    def read(self, memory):
        text = bytearray()
        while len(text) < self.high - self.low:
            memory.seek(self.low + len(text))
            text += memory.read(min(PIECE, self.high - self.low - len(text)))
        return bytes(text)

    @property
    def first(self):
        return [self.names[address] for address in self.reached_first]

    @property
    def resting(self):
        return [self.names[address] for address in self.reached_resting]
