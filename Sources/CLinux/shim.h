// Linux calls that Swift cannot make by itself: variadic functions, globals, and calls
// that are not in the Glibc module. Each twin names its original.
#ifndef CELERY_CLINUX_SHIM_H
#define CELERY_CLINUX_SHIM_H

// Types such as `pid_t` and `struct stat` stay Glibc's: included here they would be declared a second time,
// and Swift would ask every file that uses them to import this module too.
#pragma clang module import SwiftGlibc
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
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

/// __atomic_store_n(GCC): what was stored before is there for whoever sees this.
static inline void celery_store_release(long long *place, long long value) {
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
}

/// mallopt(3), M_ARENA_MAX: so many heaps for all threads together.
static inline int celery_limit_heaps(int count) {
    return mallopt(M_ARENA_MAX, count);
}
#endif
