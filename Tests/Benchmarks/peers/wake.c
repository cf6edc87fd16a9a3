// The least time from a change in a file to a program that runs because of it.
//
//     wake TIMES PAUSE-MILLISECONDS FILE PROGRAM
//
// A child process waits with inotify(7) for the time stamp of FILE to be set, and
// starts PROGRAM, which prints the time (see stamp.c). Prints for each time the
// nanoseconds from before the stamp was set to that.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Starts the program at each change of the file, for ever.
static void follow(int watch, char *program) {
    char event[4096];
    char *command[] = {program, NULL};
    while (read(watch, event, sizeof event) > 0) {
        pid_t child;
        int status;
        if (posix_spawn(&child, program, NULL, NULL, command, environ) != 0) _exit(1);
        waitpid(child, &status, 0);
    }
    _exit(1);
}

int main(int count, char **words) {
    if (count != 5) {
        fputs("usage: wake TIMES PAUSE-MILLISECONDS FILE PROGRAM\n", stderr);
        return 64;
    }
    int times = atoi(words[1]), pause = atoi(words[2]), ends[2];
    int watch = inotify_init1(IN_CLOEXEC);
    if (watch < 0 || inotify_add_watch(watch, words[3], IN_ATTRIB) < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        perror("wake");
        return 1;
    }
    pid_t follower = fork();
    if (follower == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        follow(watch, words[4]);
    }
    close(ends[1]);
    FILE *answers = fdopen(ends[0], "r");
    int status = 0;
    for (int i = 0; i < times && status == 0; i++) {
        usleep(pause * 1000);
        long long began, before = now();
        utimensat(AT_FDCWD, words[3], NULL, 0);
        if (fscanf(answers, "%lld", &began) == 1) {
            printf("%lld\n", began - before);
        } else {
            fputs("wake: the program did not answer\n", stderr);
            status = 1;
        }
    }
    kill(follower, SIGKILL);
    waitpid(follower, NULL, 0);
    return status;
}
