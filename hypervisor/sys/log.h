/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's log: a ring that sysctl readconsole and dmesg read, shown on the serial console
 * by level (loglvl=). printf formats: %d %u %x %lx %lu %s %c %p %02x %-8s %016lx, and %.*s.
 */
#ifndef LAMINA_SYS_LOG_H
#define LAMINA_SYS_LOG_H

#include "lib/types.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_print(enum log_level level, const char *fmt, ...) printf_like(2, 3);
#define log_error(...)   log_print(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)
/* About a guest's behaviour (guest_loglvl=): rate-limited. */
void log_guest(enum log_level level, domid_t dom, const char *fmt, ...) printf_like(3, 4);

/* What a guest or dom0 prints by console_io: as is, no level. */
void log_raw(const char *s, size_t n);
/* Copy out of the ring: from *index, at most n bytes; returns bytes, advances *index. */
size_t log_read(char *dst, size_t n, uint32_t *index);
void log_clear(void);
void log_set_levels(int host, int guest);

/* We are inconsistent: print the state, stop the machine (reboot unless noreboot). */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn;
#define BUG_ON(cond)                                                                               \
    do {                                                                                           \
        if (unlikely(cond))                                                                        \
            panic("BUG at %s:%d: %s", __FILE__, __LINE__, #cond);                                  \
    } while (0)
#ifdef CONFIG_DEBUG
#define ASSERT(cond) BUG_ON(!(cond))
#else
#define ASSERT(cond) ((void)sizeof(!(cond)))
#endif
extern bool panic_noreboot; /* noreboot on the command line */
/* What else a panic shows, from a layer that knows more: called once, no lock is taken any more. */
void panic_set_dump(void (*dump)(void));

#endif
