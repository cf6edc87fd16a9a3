// Runs a program many times with posix_spawn(3) and waitpid(2), and nothing else. Its argument is a number,
// as with xargs and parallel: true(1) of coreutils takes longer with an argument than without.
//
//     spawn TIMES AT-A-TIME PROGRAM

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int main(int count, char **words) {
    if (count != 4) {
        fputs("usage: spawn TIMES AT-A-TIME PROGRAM\n", stderr);
        return 64;
    }
    int times = atoi(words[1]), most = atoi(words[2]), running = 0;
    char number[16];
    char *command[] = {words[3], number, NULL};
    while (times > 0 || running > 0) {
        if (times > 0 && running < most) {
            pid_t child;
            snprintf(number, sizeof number, "%d", times);
            int error = posix_spawn(&child, command[0], NULL, NULL, command, environ);
            if (error != 0) {
                fprintf(stderr, "spawn: cannot start %s: %s\n", command[0], strerror(error));
                return 1;
            }
            times--;
            running++;
            continue;
        }
        int status;
        if (waitpid(-1, &status, 0) < 0 || status != 0) {
            fputs("spawn: the program failed\n", stderr);
            return 1;
        }
        running--;
    }
    return 0;
}
