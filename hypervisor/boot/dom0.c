/* SPDX-License-Identifier: MIT */
/*
 * dom0 from the loader's modules: how much memory, how many vCPUs, which command line, and what is
 * wrong when it cannot be. By default dom0 gets all memory but a sixteenth, of which at least 8 MiB
 * and at most 128 MiB stay with the hypervisor: its own tables for further domains, and low memory
 * for dom0's DMA exchanges.
 */
#include "boot/dom0.h"
#include "boot/memory_map.h"
#include "core/domain.h"
#include "core/sched.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "pv/guest_cpu.h"
#include "sys/log.h"

#define MIB_FRAMES   UINT64_C(256)
#define RESERVE_MIN  (8 * MIB_FRAMES)
#define RESERVE_MAX  (128 * MIB_FRAMES)
#define FAIL_WAIT_NS UINT64_C(5000000000) /* time to read the line before the screen is reset */

static const char *const too_little = "there is too little memory for a dom0";

void boot_fail(const char *fmt, ...)
{
    char line[256];
    va_list args;
    uint64_t start;

    va_start(args, fmt);
    format_to_v(line, sizeof(line), fmt, args);
    va_end(args);
    log_error("Lamina: cannot start: %s", line);
    machine_stop_others();
    if (panic_noreboot)
        machine_halt();
    log_error("Lamina: the machine is reset in 5 seconds (noreboot prevents it)");
    start = machine_now_ns();
    while (machine_now_ns() - start < FAIL_WAIT_NS)
        machine_relax();
    machine_reboot();
}

/* A size option: two's complement negative ones mean all but that. */
static uint64_t frames_of(uint64_t option, uint64_t available)
{
    uint64_t left_out = 0 - option;

    if (option <= INT64_MAX)
        return option;
    return left_out < available ? available - left_out : 0;
}

uint64_t dom0_frames(const struct boot_options *options, uint64_t available, const char **why)
{
    uint64_t reserve = available / 16, frames;

    reserve = MIN(MAX(reserve, RESERVE_MIN), RESERVE_MAX);
    if (available <= reserve) {
        *why = too_little;
        return 0;
    }
    frames = available - reserve;
    if (options->dom0_mem_frames != 0) {
        frames = frames_of(options->dom0_mem_frames, available);
        if (frames == 0 || frames > available - RESERVE_MIN) {
            *why = "dom0_mem asks for more memory than there is";
            return 0;
        }
    }
    if (options->dom0_mem_max != 0)
        frames = MIN(frames, frames_of(options->dom0_mem_max, available));
    if (options->dom0_mem_min != 0)
        frames = MAX(frames, MIN(frames_of(options->dom0_mem_min, available),
                                 available - RESERVE_MIN));
    if (frames == 0)
        *why = too_little;
    return frames;
}

static bool has_word(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);

    for (; *s != 0; s++)
        if (strncmp(s, prefix, n) == 0)
            return true;
    return false;
}

/* Without a BIOS a stock kernel finds the ACPI tables only when told. */
static void command_line(char *out, size_t max, const struct boot_info *info)
{
    const char *given = info->module[0].cmdline;
    maddr_t rsdp = machine_acpi_rsdp() != 0 ? machine_acpi_rsdp() : info->rsdp;

    if (info->efi && rsdp != 0 && !has_word(given, "acpi_rsdp="))
        format_to(out, max, "%s acpi_rsdp=0x%lx", given, (unsigned long)rsdp);
    else
        format_to(out, max, "%s", given);
}

/* What the loader set up: a frame buffer, or on a BIOS machine the text screen. */
static uint32_t screen_fill(struct dom0_vga_console_info *out, const struct boot_info *info)
{
    if (info->screen.width != 0) {
        uint64_t bytes = (uint64_t)info->screen.pitch * info->screen.height;

        out->video_type = info->efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
        out->u.vesa_lfb.width = (uint16_t)info->screen.width;
        out->u.vesa_lfb.height = (uint16_t)info->screen.height;
        out->u.vesa_lfb.bytes_per_line = (uint16_t)info->screen.pitch;
        out->u.vesa_lfb.bits_per_pixel = info->screen.bpp;
        out->u.vesa_lfb.lfb_base = (uint32_t)info->screen.base;
        out->u.vesa_lfb.ext_lfb_base = (uint32_t)(info->screen.base >> 32);
        out->u.vesa_lfb.lfb_size = (uint32_t)DIV_ROUND_UP(bytes, 65536);
        out->u.vesa_lfb.red_pos = 16;
        out->u.vesa_lfb.green_pos = 8;
        out->u.vesa_lfb.rsvd_pos = 24;
        out->u.vesa_lfb.red_size = out->u.vesa_lfb.green_size = out->u.vesa_lfb.blue_size = 8;
        out->u.vesa_lfb.rsvd_size = info->screen.bpp == 32 ? 8 : 0;
        return sizeof(*out);
    }
    if (info->efi)
        return 0;
    out->video_type = XEN_VGATYPE_TEXT_MODE_3;
    out->u.text_mode_3.font_height = 16;
    out->u.text_mode_3.rows = 25;
    out->u.text_mode_3.columns = 80;
    return sizeof(*out);
}

static struct domain *domain_make(const struct boot_options *options)
{
    unsigned wanted = options->dom0_max_vcpus ? options->dom0_max_vcpus : machine_nr_cpus();
    unsigned nr_vcpus = MIN(wanted, (unsigned)VCPUS_MAX);
    struct domain *d;
    struct vcpu *v;

    if (domain_create(0, nr_vcpus, true, &d) != 0)
        boot_fail("%s", too_little);
    for (unsigned i = 0; i < nr_vcpus; i++)
        if (vcpu_create(d, i, &v) != 0)
            boot_fail("there is too little memory for %u vCPUs; lower dom0_max_vcpus", nr_vcpus);
    return d;
}

/* A module's memory goes to the allocator, but for what dom0 took over. */
static void module_free(const struct boot_module *m)
{
    for (maddr_t at = ROUND_UP(m->start, PAGE_SIZE); at + PAGE_SIZE <= m->end; at += PAGE_SIZE) {
        mfn_t mfn = maddr_to_mfn(at);

        if (mfn_valid(mfn) && page_of(mfn)->owner == OWNER_HYPERVISOR)
            frames_add(at, at + PAGE_SIZE);
    }
}

static bool share_no_page(const struct boot_module *m, const struct boot_module *other)
{
    return m->start >= ROUND_UP(other->end, PAGE_SIZE) ||
           other->start >= ROUND_UP(m->end, PAGE_SIZE);
}

static const char *advice(int rc, bool is_memory_set)
{
    if (rc == -ENOEXEC)
        return "give an uncompressed ELF kernel as the first module";
    return is_memory_set ? "raise dom0_mem" : "use a machine with more memory or a smaller initrd";
}

/* What the hypervisor uses itself: neither dom0's nor free for further domains. */
static void memory_report(const struct boot_info *info, uint64_t dom0)
{
    uint64_t ram = 0;

    for (unsigned i = 0; i < info->nr_ranges; i++)
        if (info->range[i].type == MEMORY_RAM)
            ram += info->range[i].end - info->range[i].start;
    log_info("memory: %lu KiB RAM, %lu KiB kept by the hypervisor", (unsigned long)(ram >> 10),
             (unsigned long)((ram - ((dom0 + frames_free()) << PAGE_SHIFT)) >> 10));
}

void dom0_start(const struct boot_info *info, const struct boot_options *options)
{
    static char cmdline[MAX_GUEST_CMDLINE];
    static struct pv_image image;
    const struct boot_module *kernel = &info->module[0], *initrd = &info->module[1];
    const char *why = "";
    struct domain *d;
    int rc;

    if (info->nr_modules == 0)
        boot_fail("no module given; the loader must pass dom0's ELF kernel, then its initrd");
    d = domain_make(options);
    command_line(cmdline, sizeof(cmdline), info);
    image.kernel = kernel->start;
    image.kernel_bytes = kernel->end - kernel->start;
    image.kernel_is_ours = true;
    if (info->nr_modules > 1) {
        image.initrd = initrd->start;
        image.initrd_bytes = initrd->end - initrd->start;
        image.kernel_is_ours = image.initrd_is_ours = share_no_page(kernel, initrd);
    }
    image.cmdline = cmdline;
    image.screen_bytes = screen_fill(&image.screen, info);
    image.nr_frames = dom0_frames(options, frames_free() + pv_frames_in_place(&image), &why);
    if (image.nr_frames == 0)
        boot_fail("%s (%lu MiB are free)", why, (unsigned long)(frames_free() / MIB_FRAMES));
    if (options->dom0_mem_max != 0)
        d->mm.frames_max = MAX(image.nr_frames, frames_of(options->dom0_mem_max, frames_total()));

    rc = pv_build_dom0(d, &image, &why);
    if (rc != 0)
        boot_fail("dom0's kernel: %s; %s", why, advice(rc, options->dom0_mem_frames != 0));
    module_free(kernel);
    if (info->nr_modules > 1)
        module_free(initrd);
    memory_report(info, image.nr_frames);
    log_info("dom0: %lu MiB, %u vCPUs, command line \"%s\"",
             (unsigned long)(image.nr_frames / MIB_FRAMES), d->vcpus_max, cmdline);
    vcpu_unpause(d->vcpu[0], VCPU_PAUSED_DOWN);
}
