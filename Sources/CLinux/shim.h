// Linux calls that Swift cannot make by itself: variadic functions, globals, and calls
// that are not in the Glibc module. Each twin names its original.
#ifndef CELERY_CLINUX_SHIM_H
#define CELERY_CLINUX_SHIM_H

// Types such as `pid_t` and `struct stat` stay Glibc's: included here they would be declared a second time,
// and Swift would ask every file that uses them to import this module too.
#pragma clang module import SwiftGlibc
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/// prctl(2), PR_SET_CHILD_SUBREAPER: orphans below this process become its children.
static inline int celery_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/// prctl(2), PR_SET_PDEATHSIG: the kernel sends this process `signal` when its parent dies.
/// The parent is the *thread* that made this process: of no use under a thread pool.
static inline int celery_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/// prctl(2), PR_SET_NAME: the name that ps and pgrep show (15 bytes).
static inline int celery_set_process_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// pidfd_open(2).
static inline int celery_pidfd_open(int pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// gettid(2).
static inline int celery_thread_id(void) {
    return (int)syscall(SYS_gettid);
}

/// tgkill(2): a signal to one thread of this process; harmless when it has ended.
static inline int celery_signal_thread(int thread, int signal) {
    return (int)syscall(SYS_tgkill, getpid(), thread, signal);
}

/// pidfd_send_signal(2).
static inline int celery_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0);
}

/// environ(7), which Swift 6 refuses to read as a global variable.
static inline char **celery_environ(void) {
    return __environ;
}

// What the headers hold back: Swift reads them without _GNU_SOURCE. The names are the originals;
// repeating a declaration is harmless where it is visible after all.
int pipe2(int descriptors[2], int flags);
int dup3(int from, int to, int flags);
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);
int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int getresgid(gid_t *real, gid_t *effective, gid_t *saved);
const char *strerrordesc_np(int code);
const char *sigabbrev_np(int signal);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#ifndef POSIX_SPAWN_SETSID
#define POSIX_SPAWN_SETSID 0x80
#endif
#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

/// memfd_create(2), close-on-exec.
static inline int celery_memory_file(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */);
}

/// What celery_spawn_confined is told.
struct celery_confined {
    const char *executable;
    char *const *arguments;
    char *const *environment;
    /// Where it starts, or NULL.
    const char *folder;
    /// Descriptors to hand on: `from[i]` becomes `to[i]`, one after the other.
    const int *from;
    const int *to;
    int moves;
    /// Descriptors from here on are closed.
    int close_from;
    /// 0 stays in our process group, 1 begins a group, 2 begins a session.
    int placement;
    /// Open `cgroup.procs` of the control group it is to be in, or -1.
    int group;
    /// RLIMIT_DATA in bytes, or 0.
    unsigned long data_limit;
};

/// What posix_spawn does, and two things that it cannot: the program is in its control group, and has its limit,
/// before its first instruction. Returns the process id, or a negative error number.
///
/// The corresponding C functions are vfork(2) and execve(2). Between them the child shares our memory, while the
/// calling thread waits for it: it makes system calls only, with all signals blocked.
static __attribute__((noinline, unused)) int celery_spawn_confined(const struct celery_confined *wanted) {
    sigset_t all, before;
    volatile int failure = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int child = vfork();
    if (child == 0) {
        struct sigaction usual = {.sa_handler = SIG_DFL};
        // A signal may have an action of ours, which is of no use without our code.
        for (int number = 1; number < 32; number++)
            if (number != SIGKILL && number != SIGSTOP) sigaction(number, &usual, 0);
        if (wanted->placement == 1 && setpgid(0, 0) != 0) goto failed;
        if (wanted->placement == 2 && setsid() < 0) goto failed;
        // "0" is whoever writes.
        if (wanted->group >= 0 && write(wanted->group, "0", 1) < 0) goto failed;
        if (wanted->data_limit > 0) {
            struct rlimit limit = {wanted->data_limit, wanted->data_limit};
            if (setrlimit(RLIMIT_DATA, &limit) != 0) goto failed;
        }
        for (int index = 0; index < wanted->moves; index++) {
            int from = wanted->from[index], to = wanted->to[index];
            // dup2 leaves a descriptor alone that is already where it should be, and close-on-exec.
            if (from == to ? fcntl(to, F_SETFD, 0) < 0 : dup2(from, to) < 0) goto failed;
        }
        // Ours are close-on-exec anyway, but a C library's may not be.
        for (int gap = 3; gap < wanted->close_from; gap++) {
            int kept = 0;
            for (int move = 0; move < wanted->moves; move++) kept |= wanted->to[move] == gap;
            if (!kept) close(gap);
        }
        // A kernel before 5.9 does not have this.
        syscall(SYS_close_range, wanted->close_from, ~0u, 0u);
        if (wanted->folder && chdir(wanted->folder) != 0) goto failed;
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, 0);
        execve(wanted->executable, wanted->arguments, wanted->environment);
    failed:
        failure = errno;
        _exit(127);
    }
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, 0);
    if (child < 0) return -code;
    if (failure != 0) {
        while (waitpid(child, 0, 0) < 0 && errno == EINTR) {}
        return -failure;
    }
    return child;
}

/// __atomic_store_n(GCC): what was stored before is there for whoever sees this.
static inline void celery_store_release(long long *place, long long value) {
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
}

/// madvise(2), MADV_DONTNEED for the program's segments that nobody can write: its pages of code and constants, which come back
/// from the file when they are used. The segments are those of the program headers that the kernel names, getauxval(3).
static inline void celery_drop_code_pages(void) {
    const unsigned long page = getauxval(AT_PAGESZ);
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    const unsigned long count = getauxval(AT_PHNUM);
    unsigned long moved = 0;
    for (unsigned long index = 0; index < count; index++)
        // A position-independent program is not where its headers say.
        if (headers[index].p_type == PT_PHDR) moved = (unsigned long)headers - headers[index].p_vaddr;
    for (unsigned long index = 0; index < count; index++) {
        const Elf64_Phdr *segment = &headers[index];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        // Whole pages only: the last one may hold the beginning of a segment that is written.
        unsigned long begin = (moved + segment->p_vaddr + page - 1) & ~(page - 1);
        unsigned long end = (moved + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > begin) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
}

/// ioctl(2), TIOCGWINSZ: the width of a terminal in columns; 0 if the descriptor is none, or tells no width.
static inline int celery_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// mallopt(3), M_ARENA_MAX: so many heaps for all threads together.
static inline int celery_limit_heaps(int count) {
    return mallopt(M_ARENA_MAX, count);
}
#endif
