// Linux calls that Swift cannot make by itself: variadic functions, and calls
// that are not in the Glibc module. Each twin bears the name of its original.
#ifndef CELERY_CLINUX_SHIM_H
#define CELERY_CLINUX_SHIM_H
#include <sys/prctl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

/// prctl(2), PR_SET_CHILD_SUBREAPER: orphans below this process become its children.
static inline int celery_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/// prctl(2), PR_SET_PDEATHSIG: the kernel sends this process `signal` when its parent dies.
static inline int celery_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
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
#endif
