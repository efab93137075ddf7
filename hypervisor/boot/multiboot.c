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
#define MAPPED_AT_BOOT (UINT64_C(4) << 30) /* the direct map reaches this far when we start */

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
    uint64_t screen_addr;
    uint32_t screen_pitch, screen_width, screen_height;
    uint8_t screen_bpp, screen_kind;
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
struct mb2_screen {
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, kind;
} __attribute__((packed));

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return -EINVAL;
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

/* GRUB 2 hands over only the arguments; the others put the file name in front of them. */
static bool puts_file_name(const char *loader)
{
    return strncmp(loader, "GRUB ", 5) != 0;
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

static void finish_command_lines(struct boot_info *out, const char *loader)
{
    if (!puts_file_name(loader))
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
        const struct mb1_module *p = at(info->mods_addr + i * sizeof(*p), sizeof(*p));
        struct mb1_module m;

        if (p == NULL)
            return false;
        memcpy(&m, p, sizeof(m));
        if (!add_module(out, m.start, m.end, m.string, at))
            return false;
    }
    return true;
}

static bool mb1_map(const struct mb1_info *info, boot_memory_fn *at, struct boot_info *out)
{
    uint32_t length = MIN(info->mmap_length, (uint32_t)LIST_MAX), offset = 0;
    struct mb1_range r;

    while (length - offset >= sizeof(r)) {
        const void *p = at((maddr_t)info->mmap_addr + offset, sizeof(r));

        if (p == NULL)
            return false;
        memcpy(&r, p, sizeof(r));
        if (r.size < sizeof(r) - sizeof(r.size) || r.size > length - offset - sizeof(r.size))
            return false;
        add_range(out, r.start, r.bytes, r.type);
        offset += r.size + (uint32_t)sizeof(r.size);
    }
    return out->nr_ranges != 0;
}

static void set_screen(struct boot_info *out, const struct mb2_screen *s)
{
    if (s->kind != 1) /* 1: direct colour; text is told by the absence of a frame buffer */
        return;
    out->screen.base = s->addr;
    out->screen.pitch = s->pitch;
    out->screen.width = s->width;
    out->screen.height = s->height;
    out->screen.bpp = s->bpp;
    out->screen.kind = s->kind;
}

int multiboot1_read(maddr_t addr, boot_memory_fn *at, struct boot_info *out, const char **why)
{
    char loader[LOADER_MAX] = "";
    const void *p = at(addr, sizeof(struct mb1_info));
    struct mb1_info info;

    if (p == NULL)
        return refuse(why, "the multiboot information lies outside of memory");
    memcpy(&info, p, sizeof(info));
    if (!(info.flags & MB1_MMAP) || !mb1_map(&info, at, out))
        return refuse(why, "the loader gave no usable memory map");
    if (info.flags & MB1_CMDLINE)
        copy_string(out->cmdline, sizeof(out->cmdline), info.cmdline, at);
    if ((info.flags & MB1_MODULES) && !mb1_modules(&info, at, out))
        return refuse(why, "the loader's list of modules is malformed");
    if (info.flags & MB1_LOADER)
        copy_string(loader, sizeof(loader), info.loader_name, at);
    if (info.flags & MB1_SCREEN)
        set_screen(out, &(struct mb2_screen){ info.screen_addr, info.screen_pitch,
                                              info.screen_width, info.screen_height,
                                              info.screen_bpp, info.screen_kind });
    finish_command_lines(out, loader);
    return 0;
}

static bool mb2_map(maddr_t body, uint64_t bytes, boot_memory_fn *at, struct boot_info *out)
{
    const uint32_t *sizes = at(body, 8);
    uint32_t entry_bytes;

    if (bytes < 8 || sizes == NULL)
        return false;
    memcpy(&entry_bytes, sizes, sizeof(entry_bytes));
    if (entry_bytes < sizeof(struct mb2_range))
        return false;
    for (uint64_t offset = 8; bytes - offset >= entry_bytes; offset += entry_bytes) {
        const void *p = at(body + offset, sizeof(struct mb2_range));
        struct mb2_range r;

        if (p == NULL)
            return false;
        memcpy(&r, p, sizeof(r));
        add_range(out, r.start, r.bytes, r.type);
    }
    return true;
}

static bool mb2_module(maddr_t body, uint64_t bytes, boot_memory_fn *at, struct boot_info *out)
{
    const void *p = at(body, 8);
    uint32_t bounds[2];

    if (bytes < 8 || p == NULL)
        return false;
    memcpy(bounds, p, sizeof(bounds));
    return add_module(out, bounds[0], bounds[1], body + 8, at);
}

/* The firmware's own pointer to the RSDP, in the configuration tables behind the system table. */
static maddr_t efi_rsdp(maddr_t body, boot_memory_fn *at)
{
    static const uint8_t acpi_20[16] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                         0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
    uint64_t table, counts[2], pointer;
    const void *p = at(body, sizeof(table));

    if (p == NULL)
        return 0;
    memcpy(&table, p, sizeof(table));
    p = at(table + 104, sizeof(counts)); /* NumberOfTableEntries, ConfigurationTable */
    if (p == NULL)
        return 0;
    memcpy(counts, p, sizeof(counts));
    for (uint64_t i = 0; i < MIN(counts[0], UINT64_C(256)); i++) {
        p = at(counts[1] + i * 24, 24);
        if (p == NULL)
            return 0;
        if (memcmp(p, acpi_20, sizeof(acpi_20)) == 0) {
            memcpy(&pointer, (const uint8_t *)p + sizeof(acpi_20), sizeof(pointer));
            return pointer;
        }
    }
    return 0;
}

static void mb2_screen(maddr_t body, uint64_t bytes, boot_memory_fn *at, struct boot_info *out)
{
    const void *p = at(body, sizeof(struct mb2_screen));
    struct mb2_screen s;

    if (bytes < sizeof(s) || p == NULL)
        return;
    memcpy(&s, p, sizeof(s));
    set_screen(out, &s);
}

/* One tag; false: malformed. `rsdp_copy` is where the loader's copy of the RSDP lies. */
static bool mb2_tag(uint32_t type, maddr_t body, uint64_t bytes, boot_memory_fn *at,
                    struct boot_info *out, char *loader, maddr_t *rsdp_copy)
{
    switch (type) {
    case MB2_CMDLINE:
        copy_string(out->cmdline, sizeof(out->cmdline), body, at);
        return true;
    case MB2_LOADER:
        copy_string(loader, LOADER_MAX, body, at);
        return true;
    case MB2_MODULE:
        return mb2_module(body, bytes, at, out);
    case MB2_MMAP:
        return mb2_map(body, bytes, at, out);
    case MB2_SCREEN:
        mb2_screen(body, bytes, at, out);
        return true;
    case MB2_EFI64:
        out->rsdp = efi_rsdp(body, at);
        out->efi = true;
        return true;
    case MB2_EFI32:
        out->efi = true;
        return true;
    case MB2_RSDP_OLD:
        if (*rsdp_copy == 0)
            *rsdp_copy = body;
        return true;
    case MB2_RSDP_NEW:
        *rsdp_copy = body;
        return true;
    default:
        return true;
    }
}

int multiboot2_read(maddr_t addr, boot_memory_fn *at, struct boot_info *out, const char **why)
{
    char loader[LOADER_MAX] = "";
    maddr_t rsdp_copy = 0;
    const void *p = at(addr, sizeof(uint32_t));
    uint32_t total, offset = 8;

    if (p == NULL)
        return refuse(why, "the multiboot2 information lies outside of memory");
    memcpy(&total, p, sizeof(total));
    total = MIN(total, (uint32_t)LIST_MAX);
    while (offset + sizeof(struct mb2_tag) <= total) {
        struct mb2_tag tag;

        p = at(addr + offset, sizeof(tag));
        if (p == NULL)
            return refuse(why, "the multiboot2 information lies outside of memory");
        memcpy(&tag, p, sizeof(tag));
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
