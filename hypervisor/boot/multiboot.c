/* SPDX-License-Identifier: MIT */
/*
 * What the loader left in memory, copied into struct boot_info. Nothing of it is trusted: each
 * piece is reached through a bounded accessor, each count has a limit, and no pointer into loader
 * memory survives, as that memory is given away soon after.
 */
#include "boot/multiboot.h"
#include "boot/memory_map.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/machine.h"

#define LOADER_MAX   64
#define LIST_MAX     65536 /* bytes of a memory map or of the multiboot2 information */

#define MB1_CMDLINE  (1u << 2)
#define MB1_MODULES  (1u << 3)
#define MB1_MMAP     (1u << 6)
#define MB1_LOADER   (1u << 9)
#define MB1_SCREEN   (1u << 12)

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
    uint32_t symbols[4];
    uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
    uint32_t apm_table, vbe[4];
    struct boot_screen screen;
} __attribute__((packed));

struct mb1_module {
    uint32_t start, end, string, reserved;
};

struct mb1_range {
    uint32_t size; /* of what follows */
    uint64_t start, bytes;
    uint32_t type;
} __attribute__((packed));

enum { MB2_END, MB2_CMDLINE, MB2_LOADER, MB2_MODULE, MB2_MMAP = 6, MB2_SCREEN = 8, MB2_EFI32 = 11,
       MB2_EFI64 = 12, MB2_RSDP_OLD = 14, MB2_RSDP_NEW = 15 };

struct mb2_tag {
    uint32_t type, size;
};
struct mb2_range {
    uint64_t start, bytes;
    uint32_t type, zero;
};
static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return -EINVAL;
}

static bool fetch(void *dst, maddr_t src, size_t bytes, boot_memory_fn *at)
{
    const void *p = at(src, bytes);

    if (p != NULL)
        memcpy(dst, p, bytes);
    return p != NULL;
}

/* A zero-terminated string in loader memory, cut to what fits; byte by byte: its end is unknown. */
static void copy_string(char *dst, size_t max, maddr_t src, boot_memory_fn *at)
{
    size_t n = 0;

    while (n + 1 < max) {
        const char *c = at(src + n, 1);

        if (c == NULL || *c == 0)
            break;
        dst[n++] = *c;
    }
    dst[n] = 0;
}

static void drop_first_word(char *s)
{
    size_t i = 0;

    while (s[i] != 0 && s[i] != ' ')
        i++;
    while (s[i] == ' ')
        i++;
    memmove(s, s + i, strlen(s + i) + 1);
}

/* GRUB 2 hands over only the arguments; the others put the file name in front of them. */
static void finish_command_lines(struct boot_info *out, const char *loader)
{
    if (strncmp(loader, "GRUB ", 5) == 0)
        return;
    drop_first_word(out->cmdline);
    for (unsigned i = 0; i < out->nr_modules; i++)
        drop_first_word(out->module[i].cmdline);
}

static void add_range(struct boot_info *out, uint64_t start, uint64_t bytes, uint32_t type)
{
    if (bytes == 0 || start + bytes < start || out->nr_ranges == MEMORY_RANGES_MAX)
        return;
    out->range[out->nr_ranges++] =
        (struct memory_range){ .start = start, .end = start + bytes, .type = type };
}

static bool add_module(struct boot_info *out, maddr_t start, maddr_t end, maddr_t string,
                       boot_memory_fn *at)
{
    struct boot_module *m = &out->module[out->nr_modules];

    if (out->nr_modules == ARRAY_SIZE(out->module))
        return true; /* more than we use */
    if (end < start || at(start, end - start) == NULL)
        return false;
    m->start = start;
    m->end = end;
    copy_string(m->cmdline, sizeof(m->cmdline), string, at);
    out->nr_modules++;
    return true;
}

static bool mb1_modules(const struct mb1_info *info, boot_memory_fn *at, struct boot_info *out)
{
    unsigned nr = MIN(info->mods_count, (uint32_t)ARRAY_SIZE(out->module));

    for (unsigned i = 0; i < nr; i++) {
        struct mb1_module m;

        if (!fetch(&m, info->mods_addr + i * sizeof(m), sizeof(m), at) ||
            !add_module(out, m.start, m.end, m.string, at))
            return false;
    }
    return true;
}

static bool mb1_map(const struct mb1_info *info, boot_memory_fn *at, struct boot_info *out)
{
    uint32_t length = MIN(info->mmap_length, (uint32_t)LIST_MAX), offset = 0;
    struct mb1_range r;

    while (length - offset >= sizeof(r)) {
        if (!fetch(&r, (maddr_t)info->mmap_addr + offset, sizeof(r), at) ||
            r.size < sizeof(r) - sizeof(r.size) ||
            r.size > length - offset - sizeof(r.size))
            return false;
        add_range(out, r.start, r.bytes, r.type);
        offset += r.size + (uint32_t)sizeof(r.size);
    }
    return out->nr_ranges != 0;
}

/* What is no frame buffer is left out: text is told by its absence. */
static void set_screen(struct boot_info *out, const struct boot_screen *s)
{
    if (s->kind == 1)
        out->screen = *s;
}

int multiboot1_read(maddr_t addr, boot_memory_fn *at, struct boot_info *out, const char **why)
{
    char loader[LOADER_MAX] = "";
    struct mb1_info info;

    if (!fetch(&info, addr, sizeof(info), at))
        return refuse(why, "the multiboot information lies outside of memory");
    if (!(info.flags & MB1_MMAP) || !mb1_map(&info, at, out))
        return refuse(why, "the loader gave no usable memory map");
    if (info.flags & MB1_CMDLINE)
        copy_string(out->cmdline, sizeof(out->cmdline), info.cmdline, at);
    if ((info.flags & MB1_MODULES) && !mb1_modules(&info, at, out))
        return refuse(why, "the loader's list of modules is malformed");
    if (info.flags & MB1_LOADER)
        copy_string(loader, sizeof(loader), info.loader_name, at);
    if (info.flags & MB1_SCREEN)
        set_screen(out, &info.screen);
    finish_command_lines(out, loader);
    return 0;
}

static bool mb2_map(maddr_t body, uint64_t bytes, boot_memory_fn *at, struct boot_info *out)
{
    uint32_t entry_bytes;

    if (bytes < 8 || !fetch(&entry_bytes, body, sizeof(entry_bytes), at) ||
        entry_bytes < sizeof(struct mb2_range))
        return false;
    for (uint64_t offset = 8; bytes - offset >= entry_bytes; offset += entry_bytes) {
        struct mb2_range r;

        if (!fetch(&r, body + offset, sizeof(r), at))
            return false;
        add_range(out, r.start, r.bytes, r.type);
    }
    return true;
}

static bool mb2_module(maddr_t body, uint64_t bytes, boot_memory_fn *at, struct boot_info *out)
{
    uint32_t bounds[2];

    if (bytes < sizeof(bounds) || !fetch(bounds, body, sizeof(bounds), at))
        return false;
    return add_module(out, bounds[0], bounds[1], body + 8, at);
}

/* The firmware's own pointer to the RSDP, in the configuration tables behind the system table. */
static maddr_t efi_rsdp(maddr_t body, boot_memory_fn *at)
{
    static const uint8_t acpi_20[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                         0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
    struct {
        uint8_t kind[16];
        uint64_t pointer;
    } entry;
    uint64_t table, counts[2]; /* NumberOfTableEntries, ConfigurationTable */

    if (!fetch(&table, body, sizeof(table), at) || !fetch(counts, table + 104, sizeof(counts), at))
        return 0;
    for (uint64_t i = 0; i < MIN(counts[0], UINT64_C(256)); i++) {
        if (!fetch(&entry, counts[1] + i * sizeof(entry), sizeof(entry), at))
            return 0;
        if (memcmp(entry.kind, acpi_20, sizeof(acpi_20)) == 0)
            return entry.pointer;
    }
    return 0;
}

/* One tag; false: malformed. `rsdp_copy` is where the loader's copy of the RSDP lies. */
static bool mb2_tag(uint32_t type, maddr_t body, uint64_t bytes, boot_memory_fn *at,
                    struct boot_info *out, char *loader, maddr_t *rsdp_copy)
{
    struct boot_screen screen;

    switch (type) {
    case MB2_CMDLINE:
        copy_string(out->cmdline, sizeof(out->cmdline), body, at);
        break;
    case MB2_LOADER:
        copy_string(loader, LOADER_MAX, body, at);
        break;
    case MB2_MODULE:
        return mb2_module(body, bytes, at, out);
    case MB2_MMAP:
        return mb2_map(body, bytes, at, out);
    case MB2_SCREEN:
        if (bytes >= sizeof(screen) && fetch(&screen, body, sizeof(screen), at))
            set_screen(out, &screen);
        break;
    case MB2_EFI64:
        out->rsdp = efi_rsdp(body, at);
        out->efi = true;
        break;
    case MB2_EFI32:
        out->efi = true;
        break;
    case MB2_RSDP_OLD:
        if (*rsdp_copy == 0)
            *rsdp_copy = body;
        break;
    case MB2_RSDP_NEW:
        *rsdp_copy = body;
        break;
    default:
        break;
    }
    return true;
}

int multiboot2_read(maddr_t addr, boot_memory_fn *at, struct boot_info *out, const char **why)
{
    char loader[LOADER_MAX] = "";
    maddr_t rsdp_copy = 0;
    uint32_t total, offset = 8;

    if (!fetch(&total, addr, sizeof(total), at))
        return refuse(why, "the multiboot2 information lies outside of memory");
    total = MIN(total, (uint32_t)LIST_MAX);
    while (offset + sizeof(struct mb2_tag) <= total) {
        struct mb2_tag tag;

        if (!fetch(&tag, addr + offset, sizeof(tag), at))
            return refuse(why, "the multiboot2 information lies outside of memory");
        if (tag.size < sizeof(tag) || tag.size > total - offset)
            return refuse(why, "the multiboot2 information is malformed");
        if (tag.type == MB2_END)
            break;
        if (!mb2_tag(tag.type, addr + offset + sizeof(tag), tag.size - sizeof(tag), at, out,
                     loader, &rsdp_copy))
            return refuse(why, "the multiboot2 information is malformed");
        offset += (uint32_t)ROUND_UP(tag.size, 8u);
    }
    if (out->nr_ranges == 0)
        return refuse(why, "the loader gave no usable memory map");
    if (out->rsdp == 0)
        out->rsdp = rsdp_copy;
    finish_command_lines(out, loader);
    return 0;
}

static const void *early_memory(maddr_t addr, uint64_t bytes)
{
    if (addr >= MAPPED_AT_BOOT || bytes > MAPPED_AT_BOOT - addr)
        return NULL;
    return machine_map_maddr(addr);
}

int boot_info_read(uint32_t magic, maddr_t info, struct boot_info *out, const char **why)
{
    int rc;

    memset(out, 0, sizeof(*out));
    if (magic == MULTIBOOT1_MAGIC)
        rc = multiboot1_read(info, early_memory, out, why);
    else if (magic == MULTIBOOT2_MAGIC)
        rc = multiboot2_read(info, early_memory, out, why);
    else
        return refuse(why, "not started by a multiboot loader");
    out->loader = magic == MULTIBOOT1_MAGIC ? "multiboot" : "multiboot2";
    if (rc == 0)
        out->nr_ranges = memory_map_sort(out->range, out->nr_ranges, MEMORY_RANGES_MAX);
    return rc;
}
