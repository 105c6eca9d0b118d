/* Preloaded into a program, it sets that program's clock: CLOCK_AHEAD seconds, or behind where they are negative. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*right)(clockid_t, struct timespec *);
    const char *ahead = getenv("CLOCK_AHEAD");
    if (!right) {
        right = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int failed = right(id, now);
    if (!failed && id == CLOCK_REALTIME && ahead) {
        now->tv_sec += atol(ahead);
    }
    return failed;
}
