/* Load for a FastAGI server: N clients play Asterisk at once, each session checked to its last command.

   usage: load PORT CLIENTS SESSIONS COMMANDS EARLY_PERCENT SLOW_PERCENT SCRIPT EPOCH FIRST
   The calls are hl1-EPOCH.FIRST and those that follow.
   EARLY: connects, sends half an environment and closes, every second one with RST. SLOW: sends the environment in two pieces and
   waits before each answer. Neither is in the rate or the percentiles; a plain session that gets fewer commands than it should, or
   something else than SET VARIABLE, is an error. Prints one line of JSON. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int port, clients, sessions, commands, early, slow, first;
static const char *script, *epoch;
static atomic_int next, plain_ok, refused, cut, wrong, slow_ok, slow_bad, early_done;
static double *took;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void nap(int ms) {
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, NULL);
}

static int dial(int n) {
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval limit = {10, 0};
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + n % 200)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
    bind(s, (struct sockaddr *)&from, sizeof from);
    if (connect(s, (struct sockaddr *)&to, sizeof to)) {
        close(s);
        return -1;
    }
    return s;
}

static int environment(char *text, size_t size, int n) {
    return snprintf(text, size,
        "agi_network: yes\nagi_network_script: %s\nagi_request: agi://127.0.0.1:4573/%s\n"
        "agi_channel: PJSIP/trunk-main-%08x\nagi_language: zh\nagi_type: PJSIP\nagi_uniqueid: hl1-%s.%d\n"
        "agi_version: 22.10.1\nagi_callerid: 13800138000\nagi_calleridname: unknown\nagi_callingpres: 0\n"
        "agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 95519\nagi_rdnis: unknown\n"
        "agi_context: cc-ask\nagi_extension: s\nagi_priority: 4\nagi_enhanced: 0.0\nagi_accountcode: \n"
        "agi_threadid: 140000000000\n\n", script, script, n, epoch, first + n);
}

/* Commands answered until the server closes; -1 when it said anything but SET VARIABLE. */
static int talk(int s, int pause) {
    char line[8192];
    size_t have = 0;
    int answered = 0;
    for (;;) {
        ssize_t got = read(s, line + have, sizeof line - have);
        if (got <= 0) return got < 0 ? -2 : answered;
        have += got;
        char *start = line, *end;
        while ((end = memchr(start, '\n', have - (start - line)))) {
            if (strncmp(start, "SET VARIABLE ", 13)) return -1;
            answered++;
            if (pause) nap(pause);
            if (write(s, "200 result=1\n", 13) < 0) return -2;
            start = end + 1;
        }
        have -= start - line;
        memmove(line, start, have);
        if (have == sizeof line) return -1;
    }
}

static void *client(void *unused) {
    (void)unused;
    int n;
    while ((n = atomic_fetch_add(&next, 1)) < sessions) {
        char text[1024];
        int size = environment(text, sizeof text, n), kind = (int)((n * 2654435761u >> 16) % 1000);
        double start = now();
        int s = dial(n);
        if (s < 0) {
            refused++;
            continue;
        }
        if (kind < early * 10) {
            if (write(s, text, size / 2) < 0) errno = 0;
            if (n % 2) {
                struct linger reset = {1, 0};
                setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            }
            close(s);
            early_done++;
            continue;
        }
        int is_slow = kind < (early + slow) * 10, answered;
        if (is_slow) {
            if (write(s, text, size / 2) < 0) errno = 0;
            nap(20);
            if (write(s, text + size / 2, size - size / 2) < 0) errno = 0;
            answered = talk(s, 10);
            if (answered == commands) slow_ok++; else slow_bad++;
        } else {
            if (write(s, text, size) < 0) errno = 0;
            answered = talk(s, 0);
            if (answered == commands) took[plain_ok++] = now() - start;
            else if (answered == -1) wrong++;
            else cut++;
        }
        close(s);
    }
    return NULL;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double share(double part) { return plain_ok ? took[(int)((plain_ok - 1) * part)] * 1e3 : 0; }

int main(int count, char **word) {
    if (count != 10) return 2;
    port = atoi(word[1]), clients = atoi(word[2]), sessions = atoi(word[3]);
    commands = atoi(word[4]), early = atoi(word[5]), slow = atoi(word[6]);
    script = word[7], epoch = word[8], first = atoi(word[9]);
    took = calloc(sessions, sizeof *took);
    pthread_t *threads = calloc(clients, sizeof *threads);
    double start = now();
    for (int i = 0; i < clients; i++) pthread_create(threads + i, NULL, client, NULL);
    for (int i = 0; i < clients; i++) pthread_join(threads[i], NULL);
    double seconds = now() - start;
    qsort(took, plain_ok, sizeof *took, by_size);
    printf("{\"sessions\": %d, \"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"refused\": %d, "
           "\"cut\": %d, \"wrong\": %d, \"early\": %d, \"slow_ok\": %d, \"slow_bad\": %d}\n",
           plain_ok, plain_ok / seconds, share(0.5), share(0.99), share(1), refused, cut, wrong, early_done, slow_ok, slow_bad);
    return 0;
}
