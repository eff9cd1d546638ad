/*
 * A library to be loaded before all others (LD_PRELOAD): counts what a program does to its storage and what it sends, and lets one of
 * these calls go wrong, or the program end at it. Set in the environment:
 *
 *   FAULT_ROOT   storage is what lies in this directory; files elsewhere do not count
 *   FAULT_KIND   storage or send: which calls are counted for the fault
 *   FAULT_AT     at which of them, from 1
 *   FAULT_DEED   before, after: the program ends there; half: it ends when half of the bytes are written;
 *                enospc, eio: the call fails; short: it fails when half of the bytes are written;
 *                full: this call and all later ones that need room fail
 *   FAULT_TRACE  a file to which each counted call is added: its kind, its name, and its file or the first bytes that it sends
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NEITHER, STORAGE, SEND };
enum deed { GO, FAIL, AFTER, HALF, SHORT };

static atomic_int counts[3];

/* Not _exit: nothing of the program may run any more, and no other thread. */
__attribute__((noreturn)) static void end(void) {
    for (;;) syscall(SYS_exit_group, 77);
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static void trace(enum kind kind, const char *name, const char *what, size_t length) {
    const char *path = setting("FAULT_TRACE");
    if (!*path) return;
    char line[PATH_MAX + 64];
    const char *kinds[] = {"", "storage", "send"};
    int start = snprintf(line, sizeof line, "%s %s ", kinds[kind], name);
    if (length > sizeof line - start - 1) length = sizeof line - start - 1;
    for (size_t at = 0; at < length; at++) line[start + at] = what[at] >= ' ' ? what[at] : ' ';
    line[start + length] = '\n';
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    syscall(SYS_write, fd, line, start + length + 1);
    syscall(SYS_close, fd);
}

/* Counts the call, and says what becomes of it. `grows` tells whether a full disk hinders it. */
static enum deed judge(enum kind kind, int grows, const char *name, const char *what, size_t length) {
    int number = atomic_fetch_add(&counts[kind], 1) + 1;
    trace(kind, name, what, length);
    if (strcmp(setting("FAULT_KIND"), kind == STORAGE ? "storage" : "send")) return GO;
    int at = atoi(setting("FAULT_AT"));
    const char *deed = setting("FAULT_DEED");
    if (!strcmp(deed, "full")) {
        errno = ENOSPC;
        return at && number >= at && grows ? FAIL : GO;
    }
    if (number != at) return GO;
    if (!strcmp(deed, "before")) end();
    errno = strcmp(deed, "eio") ? ENOSPC : EIO;
    if (!strcmp(deed, "after")) return AFTER;
    if (!strcmp(deed, "half")) return HALF;
    if (!strcmp(deed, "short")) return SHORT;
    return FAIL;
}

static int inside(const char *path) {
    const char *root = setting("FAULT_ROOT");
    return *root && !strncmp(path, root, strlen(root));
}

/* What writing there is; `path` becomes the file's. */
static enum kind kind_of(int fd, char *path) {
    int saved = errno;
    struct stat stat;
    enum kind kind = NEITHER;
    if (!fstat(fd, &stat) && (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode))) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length > 0 ? length : 0] = 0;
        kind = inside(path) ? STORAGE : NEITHER;
    } else if (S_ISSOCK(stat.st_mode)) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int named = !getsockname(fd, (struct sockaddr *)&address, &size);
        kind = named && (address.ss_family == AF_INET || address.ss_family == AF_INET6) ? SEND : NEITHER;
    }
    errno = saved;
    return kind;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static enum deed judge_data(int fd, const char *name, const void *data, size_t length) {
    char path[PATH_MAX];
    enum kind kind = kind_of(fd, path);
    if (kind == NEITHER) return GO;
    if (kind == STORAGE) return judge(kind, 1, name, path, strlen(path));
    return judge(kind, 1, name, data, length < 40 ? length : 40);
}

/* A call that writes `length` bytes, of which `some` can be written alone. */
#define WRITES(fd, name, data, length, all, some)               \
    switch (judge_data(fd, name, data, length)) {               \
        case GO: return all;                                    \
        case AFTER: all; end();                                 \
        case HALF: some; end();                                 \
        case SHORT: { int why = errno; some; errno = why; return -1; } \
        default: return -1;                                     \
    }

ssize_t write(int fd, const void *data, size_t length) {
    WRITES(fd, "write", data, length, REAL(write)(fd, data, length), REAL(write)(fd, data, length / 2))
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    WRITES(fd, "pwrite", data, length, REAL(pwrite)(fd, data, length, at), REAL(pwrite)(fd, data, length / 2, at))
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    WRITES(fd, "pwrite", data, length, REAL(pwrite64)(fd, data, length, at), REAL(pwrite64)(fd, data, length / 2, at))
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    WRITES(fd, "writev", parts->iov_base, parts->iov_len, REAL(writev)(fd, parts, count),
           REAL(write)(fd, parts->iov_base, parts->iov_len / 2))
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    WRITES(fd, "send", data, length, REAL(send)(fd, data, length, flags), REAL(send)(fd, data, length / 2, flags))
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    WRITES(fd, "sendto", data, length, REAL(sendto)(fd, data, length, flags, to, size),
           REAL(sendto)(fd, data, length / 2, flags, to, size))
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    const struct iovec *part = message->msg_iov;
    WRITES(fd, "sendmsg", part->iov_base, part->iov_len, REAL(sendmsg)(fd, message, flags),
           REAL(send)(fd, part->iov_base, part->iov_len / 2, flags))
}

/* A call that changes storage as a whole or not at all. */
#define CHANGES(counted, grows, name, what, all)                \
    if (!(counted)) return all;                                 \
    switch (judge(STORAGE, grows, name, what, strlen(what))) {  \
        case GO: return all;                                    \
        case AFTER: case HALF: all; end();                      \
        default: return -1;                                     \
    }

/* In storage it is not done: no power fails here, and the end of a program takes nothing from the kernel. It is what takes the time. */
#define SYNCS(name)                                                                             \
    int name(int fd) {                                                                          \
        char path[PATH_MAX];                                                                    \
        if (kind_of(fd, path) != STORAGE) return REAL(name)(fd);                                \
        switch (judge(STORAGE, 0, #name, path, strlen(path))) {                                 \
            case GO: return 0;                                                                  \
            case AFTER: case HALF: end();                                                       \
            default: return -1;                                                                 \
        }                                                                                       \
    }
SYNCS(fsync)
SYNCS(fdatasync)

#define TRUNCATES(name, offset)                                                                 \
    int name(int fd, offset length) {                                                           \
        char path[PATH_MAX];                                                                    \
        CHANGES(kind_of(fd, path) == STORAGE, 0, "ftruncate", path, REAL(name)(fd, length))     \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

/* A file that is there is only opened. */
#define CREATES(path, flags) (((flags) & O_CREAT) && inside(path) && access(path, F_OK))

#define OPENS(name)                                                                             \
    int name(const char *path, int flags, ...) {                                                \
        va_list more;                                                                           \
        va_start(more, flags);                                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                 \
        va_end(more);                                                                           \
        CHANGES(CREATES(path, flags), 1, "create", path, REAL(name)(path, flags, mode))         \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                                                          \
    int name(int dir, const char *path, int flags, ...) {                                       \
        va_list more;                                                                           \
        va_start(more, flags);                                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                 \
        va_end(more);                                                                           \
        CHANGES(CREATES(path, flags), 1, "create", path, REAL(name)(dir, path, flags, mode))    \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int rename(const char *from, const char *to) {
    CHANGES(inside(to), 1, "rename", to, REAL(rename)(from, to))
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    CHANGES(inside(to), 1, "rename", to, REAL(renameat)(from_dir, from, to_dir, to))
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    CHANGES(inside(to), 1, "rename", to, REAL(renameat2)(from_dir, from, to_dir, to, flags))
}

int link(const char *from, const char *to) {
    CHANGES(inside(to), 1, "link", to, REAL(link)(from, to))
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    CHANGES(inside(to), 1, "link", to, REAL(linkat)(from_dir, from, to_dir, to, flags))
}

int unlink(const char *path) {
    CHANGES(inside(path), 0, "unlink", path, REAL(unlink)(path))
}

int mkdir(const char *path, mode_t mode) {
    CHANGES(inside(path), 1, "mkdir", path, REAL(mkdir)(path, mode))
}
