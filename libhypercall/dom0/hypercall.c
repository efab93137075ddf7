/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls of programs, through /dev/xen/privcmd. The hypervisor reads and writes a program's
 * memory while the kernel may move it; memory of /dev/xen/hypercall stays. So each thread has one
 * such buffer, through which structures pass: staged before a call, taken back after it.
 *
 * A failure to stage is kept until the call that it was for, which then reports it: wrappers have
 * one place that can fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices.h"
#include "lamina/host.h"

#define STAGING_BYTES (2 * HOST_PAGE_SIZE) /* a vcpu_guest_context and a multicall entry */

static struct {
    unsigned nr_users;
    int privcmd, buffers; /* descriptors while there are users */
    pthread_once_t once;
    pthread_key_t key; /* ends the staging buffer of a thread that ends */
} host = { .privcmd = -1, .buffers = -1, .once = PTHREAD_ONCE_INIT };

static __thread struct {
    uint8_t *memory;
    size_t used; /* for the next call */
    int error;   /* of staging for the next call */
} staging;

static void staging_end(void *memory)
{
    munmap(memory, STAGING_BYTES);
}

/* A child would share its parent's staging buffer. */
static void staging_forget(void)
{
    if (staging.memory) {
        munmap(staging.memory, STAGING_BYTES);
        pthread_setspecific(host.key, NULL);
    }
    memset(&staging, 0, sizeof(staging));
}

static void host_prepare(void)
{
    (void)pthread_key_create(&host.key, staging_end);
    (void)pthread_atfork(NULL, NULL, staging_forget);
}

int host_open(void)
{
    if (host.nr_users > 0) {
        host.nr_users++;
        return 0;
    }
    host.privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (host.privcmd < 0)
        return -errno;
    host.buffers = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    if (host.buffers < 0) {
        int rc = -errno;
        close(host.privcmd);
        host.privcmd = -1;
        return rc;
    }
    pthread_once(&host.once, host_prepare);
    host.nr_users = 1;
    return 0;
}

void host_close(void)
{
    if (host.nr_users == 0 || --host.nr_users > 0)
        return;
    staging_forget();
    close(host.privcmd);
    close(host.buffers);
    host.privcmd = host.buffers = -1;
}

int host_privcmd(void)
{
    return host.privcmd;
}

static size_t whole_pages(size_t size)
{
    return (size + HOST_PAGE_SIZE - 1) & ~(HOST_PAGE_SIZE - 1);
}

void *host_buffer_alloc(size_t size)
{
    if (size == 0 || size > SIZE_MAX - HOST_PAGE_SIZE || host.buffers < 0)
        return NULL;
    void *memory =
        mmap(NULL, whole_pages(size), PROT_READ | PROT_WRITE, MAP_SHARED, host.buffers, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void host_buffer_free(void *buffer, size_t size)
{
    if (buffer)
        munmap(buffer, whole_pages(size));
}

/* Room in the staging buffer, or NULL with the reason kept. */
static void *staging_take(size_t size)
{
    size_t bytes = (size + 7) & ~(size_t)7;

    if (!staging.memory) {
        staging.memory = host_buffer_alloc(STAGING_BYTES);
        if (staging.memory && pthread_setspecific(host.key, staging.memory) != 0) {
            munmap(staging.memory, STAGING_BYTES);
            staging.memory = NULL;
        }
    }
    if (!staging.memory || bytes > STAGING_BYTES - staging.used) {
        staging.error = -ENOMEM;
        return NULL;
    }
    void *room = staging.memory + staging.used;
    staging.used += bytes;
    return room;
}

unsigned long host_stage(const void *from, size_t size)
{
    void *room = from ? staging_take(size) : NULL;

    if (room)
        memcpy(room, from, size);
    return (unsigned long)room;
}

void host_unstage(void *to, unsigned long address, size_t size)
{
    if (address)
        memcpy(to, (const void *)address, size);
}

static long call(unsigned long nr, const unsigned long args[5])
{
    struct privcmd_hypercall argument = { nr, { args[0], args[1], args[2], args[3], args[4] } };
    int result = ioctl(host.privcmd, PRIVCMD_HYPERCALL, &argument);

    return result == -1 ? -errno : result;
}

/*
 * An ioctl's result has 32 bits; those of memory_op may have more (a limit of "none" is all ones,
 * frame numbers reach beyond 2^31). The result of a multicall's entry comes whole.
 */
static long call_wide(unsigned long nr, const unsigned long args[5])
{
    struct multicall_entry *entry = staging_take(sizeof(*entry));

    if (!entry)
        return -ENOMEM;
    memset(entry, 0, sizeof(*entry));
    entry->op = nr;
    for (unsigned i = 0; i < 5; i++)
        entry->args[i] = args[i];
    long ret = call(__HYPERVISOR_multicall, (unsigned long[5]){ (unsigned long)entry, 1 });
    return ret < 0 ? ret : (long)entry->result;
}

long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4)
{
    const unsigned long args[5] = { a0, a1, a2, a3, a4 };
    long ret = host.privcmd < 0 ? -ENODEV : staging.error;

    if (ret == 0)
        ret = nr == __HYPERVISOR_memory_op ? call_wide(nr, args) : call(nr, args);
    staging.used = 0;
    staging.error = 0;
    return ret;
}
