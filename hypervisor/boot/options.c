/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line, with Xen's names and forms. Options come in three kinds: those
 * that do something, those of Xen that make no difference here and are accepted silently, and
 * unknown words, each of which is reported once and ignored.
 */
#include "boot/boot.h"
#include "lib/string.h"
#include "sys/log.h"

#define WORD_MAX 128

typedef void complain_fn(const char *word, const char *what);
typedef bool option_fn(const char *value, struct boot_options *out);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decimal or 0x number; *end is the first character behind it. */
static bool number(const char *s, uint64_t *out, const char **end)
{
    unsigned base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
    const char *p = base == 16 ? s + 2 : s, *start = p;
    uint64_t v = 0;

    for (;; p++) {
        char c = *p;
        unsigned digit;

        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if (base == 16 && (c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (unsigned)((c | 32) - 'a') + 10;
        else
            break;
        if (v > (UINT64_MAX - digit) / base)
            return false;
        v = v * base + digit;
    }
    *out = v;
    *end = p;
    return p != start;
}

/* "512M", "1G", "65536" (KiB, as in Xen), in frames; up to ',' or the end. */
static bool size_value(const char *s, uint64_t *frames, const char **end)
{
    unsigned shift = 10;
    uint64_t v;

    if (!number(s, &v, end))
        return false;
    switch (**end | 32) {
    case 'b': shift = 0; ++*end; break;
    case 'k': shift = 10; ++*end; break;
    case 'm': shift = 20; ++*end; break;
    case 'g': shift = 30; ++*end; break;
    case 't': shift = 40; ++*end; break;
    default: break;
    }
    if (shift != 0 && v >> (63 - shift) != 0)
        return false;
    *frames = (v << shift) >> PAGE_SHIFT;
    return **end == 0 || **end == ',';
}

static bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* size | min:size | max:size, separated by commas; a negative size is "all but". */
static bool option_dom0_mem(const char *s, struct boot_options *out)
{
    while (*s != 0) {
        uint64_t *where = &out->dom0_mem_frames, frames;
        bool negative;

        if (starts_with(s, "min:") || starts_with(s, "max:")) {
            where = s[1] == 'i' ? &out->dom0_mem_min : &out->dom0_mem_max;
            s += 4;
        }
        negative = *s == '-';
        if (!size_value(s + negative, &frames, &s))
            return false;
        *where = negative ? 0 - frames : frames;
        if (*s == ',')
            s++;
    }
    return true;
}

/* baud[/base_baud][,8n1[,port[,irq]]]; "auto" keeps what the firmware set. */
static bool option_com1(const char *s, struct boot_options *out)
{
    uint64_t v;

    if (starts_with(s, "auto")) {
        s += 4;
    } else {
        if (!number(s, &v, &s) || v == 0 || v > 115200)
            return false;
        out->com1_baud = (unsigned)v;
    }
    while (*s != 0 && *s != ',')
        s++;
    if (*s != ',')
        return true;
    for (s++; *s != 0 && *s != ','; s++) /* the format: always 8n1 */
        ;
    if (*s != ',' || s[1] == 0)
        return true;
    if (!number(s + 1, &v, &s) || v == 0 || v > 0xffff)
        return false;
    out->com1_port = (uint16_t)v;
    return true;
}

static bool option_console(const char *s, struct boot_options *out)
{
    out->console_com1 = false;
    while (*s != 0) {
        size_t n = 0;

        while (s[n] != 0 && s[n] != ',')
            n++;
        if (n == 4 && strncmp(s, "com1", 4) == 0)
            out->console_com1 = true;
        else if (!(n == 3 && strncmp(s, "vga", 3) == 0) && !(n == 4 && strncmp(s, "none", 4) == 0))
            return false;
        s += n + (s[n] == ',');
    }
    return true;
}

/* none, error, warning, info, debug, all; "a/b" gives also the rate-limited level: a counts. */
static bool level_value(const char *s, int *out)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = { { "none", -1 }, { "error", LOG_ERROR }, { "warning", LOG_WARNING },
                   { "info", LOG_INFO }, { "debug", LOG_DEBUG }, { "all", LOG_DEBUG } };

    for (unsigned i = 0; i < ARRAY_SIZE(levels); i++) {
        size_t n = strlen(levels[i].name);

        if (strncmp(s, levels[i].name, n) == 0 && (s[n] == 0 || s[n] == '/')) {
            *out = levels[i].level;
            return true;
        }
    }
    return false;
}

static bool option_loglvl(const char *s, struct boot_options *out)
{
    return level_value(s, &out->loglvl);
}

static bool option_guest_loglvl(const char *s, struct boot_options *out)
{
    return level_value(s, &out->guest_loglvl);
}

static bool option_dom0_max_vcpus(const char *s, struct boot_options *out)
{
    const char *end;
    uint64_t low, high;

    /* "n" or "n-m": what counts is the upper bound. */
    if (!number(s, &low, &end))
        return false;
    high = low;
    if (*end == '-' && !number(end + 1, &high, &end))
        return false;
    if (*end != 0 || high == 0 || high < low || high > INT32_MAX)
        return false;
    out->dom0_max_vcpus = (unsigned)high;
    return true;
}

static bool option_maxcpus(const char *s, struct boot_options *out)
{
    const char *end;
    uint64_t v;

    if (!number(s, &v, &end) || *end != 0 || v == 0 || v > INT32_MAX)
        return false;
    out->maxcpus = (unsigned)v;
    return true;
}

static bool is_off(const char *s)
{
    return strcmp(s, "0") == 0 || strcmp(s, "no") == 0 || strcmp(s, "off") == 0 ||
           strcmp(s, "false") == 0;
}

/* With a value read by parse(), or the name alone to set a flag ("=0", "=no", "=off" clear it). */
static const struct {
    const char *name;
    option_fn *parse;
    size_t flag; /* offset, without parse() */
} options[] = {
    { "console", option_console, 0 },
    { "com1", option_com1, 0 },
    { "dom0_mem", option_dom0_mem, 0 },
    { "dom0_max_vcpus", option_dom0_max_vcpus, 0 },
    { "loglvl", option_loglvl, 0 },
    { "guest_loglvl", option_guest_loglvl, 0 },
    { "maxcpus", option_maxcpus, 0 },
    { "noreboot", NULL, offsetof(struct boot_options, noreboot) },
};

/* Options of Xen that ask for what is so anyway, or for something that does not exist here. */
static const char *const ignored[] = {
    "placeholder",       /* GRUB scripts put it first */
    "no-real-mode", "edd", "vga", "mbi", /* real-mode services: never used */
    "spec-ctrl", "xpti", "pcid", "smep", "smap", "eager-fpu", /* fixed by design */
    "iommu", "ept", "hap", "pvh", "nestedhvm", "shim", "dom0", /* no such devices or guests */
    "dom0_vcpus_pin", "dom0_nodes", "cpufreq", "cpuidle", "max_cstate", "numa", "acpi", "x2apic",
    "ucode", "tsc", "clocksource", "conring_size", "console_timestamps", "console_to_ring",
    "conswitch", "crashkernel", "gnttab_max_frames", "gnttab_max_maptrack_frames", "gnttab",
    "ucode_scan", "vwfi", "credit2_runqueue", "flask", "xsm", "reboot", "low_mem_virq_limit",
    "allow_unsafe", "cpuid", "msr_relaxed", "argo", "pv", "pv-l1tf", "vpmu", "vpci", "sched-gran",
    "tbuf_size", "loglvl_timestamps", "quiet", "splash", "sched", "watchdog",
    "sync_console", /* the console always waits for the line */
};

static bool is_ignored(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ignored); i++)
        if (strcmp(name, ignored[i]) == 0)
            return true;
    return false;
}

static void report(complain_fn *complain, const char *word, const char *what)
{
    if (complain)
        complain(word, what);
}

static void parse_word(char *word, struct boot_options *out, complain_fn *complain)
{
    struct boot_options changed = *out;
    size_t n = 0;
    const char *value = "";

    while (word[n] != 0 && word[n] != '=')
        n++;
    if (word[n] == '=') {
        word[n] = 0;
        value = word + n + 1;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        if (strcmp(word, options[i].name) != 0)
            continue;
        if (!options[i].parse)
            *(bool *)((char *)out + options[i].flag) = !is_off(value);
        else if (*value != 0 && options[i].parse(value, &changed))
            *out = changed;
        else
            report(complain, word, "has a malformed value; ignored");
        return;
    }
    if (!is_ignored(word) && !(starts_with(word, "no-") && is_ignored(word + 3)))
        report(complain, word, "is not known; ignored");
}

void boot_options_parse(const char *cmdline, struct boot_options *out,
                        void (*complain)(const char *word, const char *what))
{
    *out = (struct boot_options){ .com1_port = 0x3f8,
                                  .com1_baud = 115200,
                                  .loglvl = LOG_INFO,
                                  .guest_loglvl = LOG_WARNING,
                                  .console_com1 = true };
    while (*cmdline != 0) {
        char word[WORD_MAX];
        size_t n = 0;
        bool fits = true;

        for (; *cmdline != 0 && *cmdline != ' '; cmdline++) {
            fits = n + 1 < sizeof(word);
            if (fits)
                word[n++] = *cmdline;
        }
        word[n] = 0;
        while (*cmdline == ' ')
            cmdline++;
        if (!fits)
            report(complain, word, "is too long; ignored");
        else if (n > 0)
            parse_word(word, out, complain);
    }
}
