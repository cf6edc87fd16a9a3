// Runs a command that submits a task, again and again, and prints when.
//
//     submit TIMES PAUSE-MILLISECONDS COMMAND [WORD]...
//
// For each time a line: CLOCK_REALTIME in nanoseconds before the command started and
// when it had printed the id, and the id.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **words) {
    if (count < 4) {
        fputs("usage: submit TIMES PAUSE-MILLISECONDS COMMAND [WORD]...\n", stderr);
        return 64;
    }
    int times = atoi(words[1]), pause = atoi(words[2]);
    for (int i = 0; i < times; i++) {
        usleep(pause * 1000);
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            perror("submit: pipe");
            return 1;
        }
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        pid_t child;
        long long before = now();
        int error = posix_spawn(&child, words[3], &actions, NULL, &words[3], environ);
        if (error != 0) {
            fprintf(stderr, "submit: cannot start %s: %s\n", words[3], strerror(error));
            return 1;
        }
        close(ends[1]);
        posix_spawn_file_actions_destroy(&actions);
        char id[256];
        ssize_t length = read(ends[0], id, sizeof id - 1);
        long long after = now();
        close(ends[0]);
        int status;
        if (waitpid(child, &status, 0) < 0 || status != 0 || length < 1) {
            fprintf(stderr, "submit: %s failed\n", words[3]);
            return 1;
        }
        id[length] = 0;
        id[strcspn(id, "\n")] = 0;
        printf("%lld %lld %s\n", before, after, id);
    }
    return 0;
}
