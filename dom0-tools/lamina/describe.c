/* SPDX-License-Identifier: MIT */
/*
 * Describe: words, no decisions. Numbers that nobody has a word for are "unknown".
 */
#include "lamina/describe.h"

#include <stdio.h>
#include <string.h>

#include "config/values.h"
#include "public/io/xenbus.h"
#include "public/sched.h"

static unsigned shutdown_reason(const struct domain_entry *entry)
{
    return entry->info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

static bool has_crashed(const struct domain_entry *entry)
{
    return entry->info.flags & XEN_DOMINF_shutdown && shutdown_reason(entry) == SHUTDOWN_crash;
}

const char *describe_state(const struct domain_entry *entry)
{
    uint32_t flags = entry->info.flags;

    if (flags & XEN_DOMINF_dying || (entry->state && strcmp(entry->state, "dying") == 0))
        return "dying";
    if (entry->state && strcmp(entry->state, "building") == 0)
        return "building";
    if (has_crashed(entry))
        return "crashed";
    if (flags & XEN_DOMINF_shutdown)
        return "shutdown";
    if (flags & XEN_DOMINF_paused)
        return "paused";
    if (flags & XEN_DOMINF_running)
        return "running";
    return flags & XEN_DOMINF_blocked ? "blocked" : "ready";
}

const char *describe_reason(const struct domain_entry *entry)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "poweroff", [SHUTDOWN_reboot] = "reboot",
        [SHUTDOWN_suspend] = "suspend",   [SHUTDOWN_crash] = "crash",
        [SHUTDOWN_watchdog] = "watchdog", [SHUTDOWN_soft_reset] = "soft-reset",
    };
    unsigned reason = shutdown_reason(entry);

    if (!(entry->info.flags & XEN_DOMINF_shutdown))
        return NULL;
    return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "unknown";
}

void describe_flags(const struct domain_entry *entry, char flags[DESCRIBE_FLAGS_SIZE])
{
    static const struct {
        uint32_t flag;
        char letter;
    } letters[] = { { XEN_DOMINF_running, 'r' },
                    { XEN_DOMINF_blocked, 'b' },
                    { XEN_DOMINF_paused, 'p' },
                    { XEN_DOMINF_shutdown, 's' },
                    { 0, 'c' }, /* told by the reason */
                    { XEN_DOMINF_dying, 'd' } };

    for (unsigned i = 0; i < 6; i++)
        flags[i] = entry->info.flags & letters[i].flag ? letters[i].letter : '-';
    if (has_crashed(entry))
        flags[4] = 'c';
    flags[6] = '\0';
}

uint64_t describe_kib(uint64_t pages)
{
    return pages > UINT64_MAX / 4 ? UINT64_MAX : pages * 4;
}

void describe_bytes(uint64_t bytes, char text[DESCRIBE_BYTES_SIZE])
{
    static const char units[] = "BKMGTPE";
    double value = (double)bytes;
    unsigned unit = 0;

    while (value >= 999.5 && units[unit + 1] != '\0') {
        value /= 1024;
        unit++;
    }
    snprintf(text, DESCRIBE_BYTES_SIZE, "%.*f%c", unit > 0 && value < 99.95 ? 1 : 0, value,
             units[unit]);
}

bool describe_is_unlimited(uint64_t max_pages)
{
    return max_pages >= UINT32_MAX;
}

void describe_uuid(const uint8_t uuid[16], char text[DESCRIBE_UUID_SIZE])
{
    char *p = text;

    for (unsigned i = 0; i < 16; i++) {
        bool hyphen = i == 4 || i == 6 || i == 8 || i == 10;

        p += snprintf(p, 4, "%s%02x", hyphen ? "-" : "", uuid[i]);
    }
}

void describe_cpus(uint64_t cpus, unsigned nr, char text[DESCRIBE_CPUS_SIZE])
{
    uint64_t all = nr == 0 || nr >= 64 ? UINT64_MAX : ((uint64_t)1 << nr) - 1;

    if ((cpus & all) == all)
        snprintf(text, DESCRIBE_CPUS_SIZE, "all");
    else
        value_write_cpuset(cpus & all, text);
}

const char *describe_device_state(unsigned state)
{
    static const char *const names[] = {
        [XenbusStateUnknown] = "unknown",
        [XenbusStateInitialising] = "initialising",
        [XenbusStateInitWait] = "waiting",
        [XenbusStateInitialised] = "initialised",
        [XenbusStateConnected] = "connected",
        [XenbusStateClosing] = "closing",
        [XenbusStateClosed] = "closed",
        [XenbusStateReconfiguring] = "reconfiguring",
        [XenbusStateReconfigured] = "reconfigured",
    };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
