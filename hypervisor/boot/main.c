/* SPDX-License-Identifier: MIT */
/*
 * The boot order, from the first C function to dom0's first instruction: upcall_boot() reads as a
 * list. Memory goes through three owners: the loader's map; a list of free RAM from which the few
 * tables of the start are taken; then the frame allocator, which gets all that is left.
 */
#include "boot/boot.h"
#include "boot/dom0.h"
#include "boot/memory_map.h"
#include "core/audit.h"
#include "core/console.h"
#include "core/dump.h"
#include "core/sched.h"
#include "core/time.h"
#include "hypercall/publish.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define LOW_MEMORY_END   UINT64_C(0x100000)   /* firmware data for dom0; never given away */
#define LOW_PAGE_FIRST   UINT64_C(0x8000)     /* a start-up page for other CPUs: see machine.h */
#define LOW_PAGE_LAST    UINT64_C(0x9e000)
#define FREE_RANGES_MAX  (MEMORY_RANGES_MAX + 16)

static struct {
    struct boot_info info;
    struct boot_options options;
    struct memory_range free_ram[FREE_RANGES_MAX];
    unsigned nr_free;
} boot;

static void complain(const char *word, const char *what)
{
    log_warning("Lamina: option \"%s\" %s", word, what);
}

/* Options first without a word, as they say where words go; then again for the complaints. */
static void console_start(void)
{
    struct boot_options *o = &boot.options;

    boot_options_parse(boot.info.cmdline, o, NULL);
    machine_console_init(o->console_com1 ? o->com1_port : 0, o->com1_baud);
    log_set_levels(o->loglvl, o->guest_loglvl);
    panic_noreboot = o->noreboot;
    boot_options_parse(boot.info.cmdline, o, complain);
}

static void info_read(uint32_t magic, maddr_t info)
{
    const char *why = "";

    if (boot_info_read(magic, info, &boot.info, &why) == 0) {
        console_start();
        return;
    }
    boot.info.cmdline[0] = 0;
    console_start();
    panic_noreboot = true; /* a reset would bring the same loader back */
    boot_fail("%s", why);
}

static void carve(maddr_t start, maddr_t end)
{
    boot.nr_free = memory_map_carve(boot.free_ram, boot.nr_free, FREE_RANGES_MAX,
                                    ROUND_DOWN(start, PAGE_SIZE), ROUND_UP(end, PAGE_SIZE));
}

static bool is_free_ram(maddr_t start, maddr_t end)
{
    for (unsigned i = 0; i < boot.nr_free; i++)
        if (start >= boot.free_ram[i].start && end <= boot.free_ram[i].end)
            return true;
    return false;
}

/* Modules become free RAM once they are used: they must be some, and share it with nobody. */
static void modules_check(void)
{
    const struct boot_module *m = boot.info.module;

    for (unsigned i = 0; i < boot.info.nr_modules; i++) {
        if (!is_free_ram(m[i].start, m[i].end))
            boot_fail("module %u lies outside of the RAM above 1 MiB, or on the hypervisor", i);
        for (unsigned k = 0; k < i; k++)
            if (m[i].start < m[k].end && m[k].start < m[i].end)
                boot_fail("modules %u and %u overlap", k, i);
    }
}

/* Free RAM: all of it but ourselves, the modules, and the first MiB. Returns the end of RAM. */
static maddr_t free_ram_list(void)
{
    const struct boot_info *info = &boot.info;
    maddr_t end, image_start, image_end;

    boot.nr_free = memory_map_ram(info->range, info->nr_ranges, boot.free_ram, FREE_RANGES_MAX);
    if (boot.nr_free == 0)
        boot_fail("the memory map shows no RAM");
    end = boot.free_ram[boot.nr_free - 1].end;
    carve(0, LOW_MEMORY_END);
    machine_image_extent(&image_start, &image_end);
    carve(image_start, image_end);
    modules_check();
    for (unsigned i = 0; i < info->nr_modules; i++)
        carve(info->module[i].start, info->module[i].end);
    return end;
}

/* Zeroed frames for the tables of the start, from the highest memory that is mapped by now. */
static mfn_t take(uint64_t nr)
{
    for (unsigned i = boot.nr_free; i-- > 0;) {
        struct memory_range *r = &boot.free_ram[i];
        maddr_t end = MIN(r->end, MAPPED_AT_BOOT), start = end - (nr << PAGE_SHIFT);

        if (r->start >= end || end - r->start < nr << PAGE_SHIFT)
            continue;
        carve(start, end);
        memset(machine_map_maddr(start), 0, nr << PAGE_SHIFT);
        return maddr_to_mfn(start);
    }
    boot_fail("too little memory below 4 GiB");
}

/* What is not RAM may be a device; the first MiB holds firmware data that dom0 reads. */
static void devices_list(maddr_t ram_end)
{
    maddr_t at = LOW_MEMORY_END;

    frames_add_device(0, LOW_MEMORY_END);
    for (unsigned i = 0; i < boot.info.nr_ranges; i++) {
        const struct memory_range *r = &boot.info.range[i];

        if (r->type != MEMORY_RAM || r->end <= at)
            continue;
        if (r->start > at)
            frames_add_device(at, r->start);
        at = r->end;
    }
    if (at < ram_end)
        frames_add_device(at, ram_end);
}

static void memory_start(void)
{
    maddr_t ram_end = free_ram_list();

    for (unsigned i = 0; i < boot.info.nr_ranges; i++) {
        const struct memory_range *r = &boot.info.range[i];

        log_info("memory %016lx-%016lx type %u", (unsigned long)r->start,
                 (unsigned long)r->end - 1, r->type);
        (void)memory_map_publish(r->start, r->end, r->type);
    }
    machine_memory_init(ram_end, take);
    frames_init(ram_end, take);
    devices_list(ram_end);
    for (unsigned i = 0; i < boot.nr_free; i++)
        frames_add(boot.free_ram[i].start, boot.free_ram[i].end);
    log_info("memory: %lu MiB free", (unsigned long)(frames_free() >> (20 - PAGE_SHIFT)));
}

/* A page of RAM below 1 MiB, as high as possible: its content is kept, so anybody's will do. */
static maddr_t low_page(void)
{
    for (maddr_t page = LOW_PAGE_LAST; page >= LOW_PAGE_FIRST; page -= PAGE_SIZE)
        for (unsigned i = 0; i < boot.info.nr_ranges; i++) {
            const struct memory_range *r = &boot.info.range[i];

            if (r->type == MEMORY_RAM && page >= r->start && page + PAGE_SIZE <= r->end)
                return page;
        }
    return 0;
}

static void cpus_start(void)
{
    unsigned max = boot.options.maxcpus != 0 ? boot.options.maxcpus : CPUS_MAX;

    machine_cpus_init(MIN(max, (unsigned)CPUS_MAX), low_page(), heap_alloc);
    log_info("CPUs: %u", machine_nr_cpus());
}

void upcall_boot(uint32_t magic, maddr_t info)
{
    info_read(magic, info);
    log_info("Lamina, a microhypervisor; started by %s, options \"%s\"", boot.info.loader,
             boot.info.cmdline);
    memory_start();
    machine_acpi_init(boot.info.rsdp);
    machine_clock_init();
    time_init();
    machine_interrupts_init();
    cpus_start();
    sched_init();
    console_init();
    dump_init();
    audit_init();
    command_line_publish(boot.info.cmdline);
    dom0_start(&boot.info, &boot.options);
    machine_run(sched_switch);
}
