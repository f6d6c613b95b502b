/*
 * The wall clock of one process, set by another: every reading of it is moved by the nanoseconds that the file of CLOCK_STEP_FILE holds at
 * that moment (8 bytes, as this machine writes an int64). Loaded by LD_PRELOAD. Monotonic clocks stay, as they do where somebody sets the
 * time of a machine.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("CLOCK_STEP_FILE");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) _exit(97); /* a clock that is not stepped would make a test pass that cannot fail */
  close(file);
  step = page;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && step && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t moved = time->tv_sec * INT64_C(1000000000) + time->tv_nsec + *step;
    time->tv_sec = moved / 1000000000;
    time->tv_nsec = moved % 1000000000;
  }
  return (int)result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t *where) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (where) *where = now.tv_sec;
  return now.tv_sec;
}
