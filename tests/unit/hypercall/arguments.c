/* SPDX-License-Identifier: MIT */
/*
 * What handlers do with arguments at their edges: strings and structures are defined to the last
 * byte, lists end at their bounds, long text is continued where it stopped, and what the layers
 * below must never see does not get there. Those layers are stand-ins that record.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/console.h"
#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "hypercall/hypercall.h"
#include "hypercall/publish.h"
#include "hypercall_direct.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "sys/log.h"

static struct domain own, other;
static struct vcpu vcpu0, vcpu1;
struct vcpu *percpu_current_vcpu;

static struct {
    uint64_t seen[6]; /* arguments of the last call below */
    unsigned calls;   /* and how many there were */
    int answer;
    char text[4096]; /* written to the console */
    size_t text_bytes;
    const char *typed; /* not read yet */
    unsigned refs;
} world;

static int record(uint64_t a, uint64_t b, uint64_t c)
{
    world.seen[0] = a;
    world.seen[1] = b;
    world.seen[2] = c;
    world.calls++;
    return world.answer;
}

/* ---- stand-ins ---- */

struct domain *domain_get(domid_t id)
{
    if (id > 1)
        return NULL;
    world.refs++;
    return id ? &other : &own;
}
void domain_put(struct domain *d)
{
    (void)d;
    world.refs--;
}
void domain_shutdown(struct domain *d, uint8_t code)
{
    record(d->id, code, 0);
}
int domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout_s)
{
    return record(d->id, id, timeout_s);
}
long hypercall_restart(unsigned nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    (void)nr, (void)a3;
    record(a0, a1, a2);
    return -ERESTART;
}
void log_raw(const char *s, size_t n)
{
    memcpy(world.text + world.text_bytes, s, n);
    world.text_bytes += n;
}
size_t console_read(char *dst, size_t n)
{
    size_t copied = MIN(strlen(world.typed), n);

    memcpy(dst, world.typed, copied);
    world.typed += copied;
    return copied;
}
int trap_set(struct vcpu *v, const struct trap_info *info)
{
    (void)v;
    return record(info->vector, info->address, 0);
}
void trap_reset(struct vcpu *v)
{
    (void)v;
    record(0, 0, 0);
}
int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries)
{
    (void)v;
    return record(frames[0], entries, 0);
}
int descriptor_update(struct domain *d, maddr_t where, uint64_t descriptor)
{
    return record(d->id, where, descriptor);
}
int stack_switch(struct vcpu *v, uint64_t ss, uint64_t sp)
{
    (void)v;
    return record(ss, sp, 0);
}
int segment_base_set(struct vcpu *v, unsigned which, uint64_t base)
{
    (void)v;
    return record(which, base, 0);
}
void iopl_set(struct vcpu *v, unsigned iopl)
{
    v->arch.iopl = (uint8_t)iopl;
}

void iopl_show_all(struct domain *d)
{
    (void)d;
}

void fpu_taskswitch(struct vcpu *v, bool set)
{
    (void)v;
    record(set, 0, 0);
}
int debugreg_set(struct vcpu *v, unsigned reg, uint64_t value)
{
    (void)v;
    return record(reg, value, 0);
}
int debugreg_get(struct vcpu *v, unsigned reg, uint64_t *value)
{
    (void)v;
    *value = reg;
    return world.answer;
}
int callback_register(struct vcpu *v, uint16_t type, uint16_t flags, gva_t address)
{
    return record(v->id, (uint64_t)type << 16 | flags, address);
}
int callback_unregister(struct vcpu *v, uint16_t type)
{
    return record(v->id, type, 0);
}
void nmi_send(struct vcpu *v)
{
    record(v->id, 0, 0);
}
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context)
{
    ck_assert_uint_eq(v->starting, 1);
    ck_assert(lock_none_held());
    if (world.answer == 0)
        v->initialised = true;
    return record(context->flags, 0, 0);
}
void vcpu_pause_nosync(struct vcpu *v, uint32_t why)
{
    v->paused |= why;
}
void vcpu_unpause(struct vcpu *v, uint32_t why)
{
    v->paused &= ~why;
}
void vcpu_set_work(struct vcpu *v, uint32_t bits)
{
    v->arch.work |= bits;
}
int vcpu_register_info(struct vcpu *v, mfn_t mfn, unsigned offset)
{
    return record(v->id, mfn_x(mfn), offset);
}
void sched_runstate(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    out->state = v->id ? RUNSTATE_offline : RUNSTATE_running;
    out->state_entry_time = 5;
    for (unsigned i = 0; i < 4; i++)
        out->time[i] = 100 + i;
}
void sched_yield(void) {}
void sched_block(void) {}
int sched_poll(struct vcpu *v, const evtchn_port_t *ports, unsigned nr, uint64_t timeout_ns)
{
    (void)v;
    return record(nr ? ports[nr - 1] : 0, nr, timeout_ns);
}
int time_set_singleshot(struct vcpu *v, uint64_t abs_ns, bool only_future)
{
    return record(v->id, abs_ns, only_future);
}
void time_stop_singleshot(struct vcpu *v)
{
    record(v->id, 0, 0);
}
int time_set_periodic(struct vcpu *v, uint64_t period_ns)
{
    return record(v->id, period_ns, 0);
}
void time_stop_periodic(struct vcpu *v)
{
    record(v->id, 0, 0);
}
void time_set_wallclock(uint64_t s, uint32_t ns, uint64_t system_ns)
{
    record(s, ns, system_ns);
}
uint32_t machine_apic_id(unsigned cpu)
{
    return cpu * 2;
}
int machine_ioapic_read(maddr_t apic_base, uint32_t reg, uint32_t *value)
{
    *value = reg;
    return record(apic_base, reg, 0);
}
int machine_acpi_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b)
{
    return record(state, pm1a, pm1b);
}
int pirq_setup_gsi(struct domain *d, unsigned gsi, bool level, bool low)
{
    return record(d->id, gsi, (uint64_t)level << 1 | low);
}
int pirq_map_gsi(struct domain *d, unsigned gsi, int *pirq)
{
    *pirq = (int)gsi;
    return record(d->id, gsi, 0);
}
int pirq_map_msi(struct domain *d, const struct machine_msi *msi, int *pirq)
{
    *pirq = 200;
    return record(d->id, (uint64_t)msi->seg << 16 | (uint64_t)msi->bus << 8 | msi->devfn,
                  msi->is_msix ? msi->entry : UINT64_MAX);
}
int pirq_unmap(struct domain *d, int pirq)
{
    return record(d->id, (uint64_t)pirq, 0);
}
int pirq_alloc_vector(struct domain *d, unsigned pirq)
{
    int ret = record(d->id, pirq, 0);

    return ret ? ret : 0x31;
}
int pirq_status(struct domain *d, unsigned pirq, uint32_t *flags)
{
    *flags = 1;
    return record(d->id, pirq, 0);
}
int pirq_eoi(struct domain *d, unsigned pirq)
{
    return record(d->id, pirq, 0);
}
int pirq_set_eoi_page(struct domain *d, uint64_t gmfn, bool auto_unmask)
{
    return record(d->id, gmfn, auto_unmask);
}
int pirq_get_free(struct domain *d, int *pirq)
{
    *pirq = 77;
    return record(d->id, 0, 0);
}

/* ---- set-up ---- */

static void set_up(void)
{
    memset(&world, 0, sizeof(world));
    memset(&own, 0, sizeof(own));
    memset(&other, 0, sizeof(other));
    memset(&vcpu0, 0, sizeof(vcpu0));
    memset(&vcpu1, 0, sizeof(vcpu1));
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(16 * PAGE_SIZE, host_ram_end());
    host.nr_cpus = 2;
    own.is_control = true;
    own.shared = other.shared = machine_map(_mfn(20));
    other.id = 1;
    own.vcpus_max = 2;
    own.vcpu[0] = &vcpu0;
    own.vcpu[1] = &vcpu1;
    vcpu0.domain = vcpu1.domain = &own;
    vcpu1.id = 1;
    vcpu1.paused = VCPU_PAUSED_DOWN;
    percpu_current_vcpu = &vcpu0;
    lock_init(&own.lock, LOCK_DOMAIN);
    lock_init(&other.lock, LOCK_DOMAIN);
    world.typed = "";
}

static void tear_down(void)
{
    ck_assert_uint_eq(world.refs, 0);
    ck_assert_uint_eq(host_locks_held(), 0);
}

static guest_ptr_t at(const void *p)
{
    return guest_ptr((uint64_t)(uintptr_t)p);
}

/* The buffer holds the text and then zeros, and nothing beyond it was written. */
static void holds_string(const char *buffer, size_t bytes, const char *text)
{
    ck_assert_str_eq(buffer, text);
    for (size_t i = strlen(text); i < bytes; i++)
        ck_assert_int_eq(buffer[i], 0);
    ck_assert_int_eq(buffer[bytes], (char)0xa5);
}

/* ---- version ---- */

START_TEST(test_strings_are_padded)
{
    char buffer[1025];
    struct xen_compile_info info;

    memset(buffer, 0xa5, sizeof(buffer));
    ck_assert_int_eq(hc_version_extraversion(at(buffer)), 0);
    holds_string(buffer, XEN_EXTRAVERSION_LEN, ".0-lamina");
    memset(buffer, 0xa5, sizeof(buffer));
    ck_assert_int_eq(hc_version_capabilities(at(buffer)), 0);
    holds_string(buffer, XEN_CAPABILITIES_INFO_LEN, "xen-3.0-x86_64");
    memset(buffer, 0xa5, sizeof(buffer));
    ck_assert_int_eq(hc_version_changeset(at(buffer)), 0);
    holds_string(buffer, XEN_CHANGESET_INFO_LEN, "unavailable");
    command_line_publish("console=com1");
    memset(buffer, 0xa5, sizeof(buffer));
    ck_assert_int_eq(hc_version_commandline(at(buffer)), 0);
    holds_string(buffer, 1024, "console=com1");
    own.is_control = false;
    ck_assert_int_eq(hc_version_commandline(at(buffer)), 0);
    holds_string(buffer, 1024, "<denied>");
    ck_assert_int_eq(hc_version_commandline(guest_ptr(HYPERVISOR_START)), -EFAULT);
    ck_assert_int_eq(hc_version_compile_info(&info), 0);
    ck_assert_uint_gt(strlen(info.compiler), 0);
    ck_assert_int_eq(info.compile_date[31], 0);
}
END_TEST

START_TEST(test_features)
{
    struct xen_feature_info op = { 0, 0 };

    ck_assert_int_eq(hc_version_get_features(&op), 0);
    ck_assert_uint_eq(op.submap, 0x208e0);
    ck_assert_int_eq(hc_vm_assist_enable(VMASST_TYPE_pae_extended_cr3), 0);
    ck_assert_int_eq(hc_version_get_features(&op), 0);
    ck_assert_uint_eq(op.submap, 0x208f0);
    ck_assert_int_eq(hc_vm_assist_disable(VMASST_TYPE_pae_extended_cr3), 0);
    own.is_control = false;
    ck_assert_int_eq(hc_version_get_features(&op), 0);
    ck_assert_uint_eq(op.submap, 0x200e0);
    op.submap_idx = 1;
    ck_assert_int_eq(hc_version_get_features(&op), -EINVAL);
    ck_assert_int_eq(INTERFACE_VERSION, 0x40011);
}
END_TEST

START_TEST(test_vm_assist_types)
{
    static const uint32_t bad[] = { 6, 31, 32, 33, 64, UINT32_MAX };

    for (uint32_t type = 0; type < 6; type++)
        ck_assert_int_eq(hc_vm_assist_enable(type), 0);
    ck_assert_uint_eq(own.vm_assist, 0x3f);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_int_eq(hc_vm_assist_enable(bad[i]), -EINVAL);
        ck_assert_int_eq(hc_vm_assist_disable(bad[i]), -EINVAL);
    }
    ck_assert_uint_eq(own.vm_assist, 0x3f);
}
END_TEST

/* ---- vCPUs ---- */

START_TEST(test_vcpu_life)
{
    static struct vcpu_guest_context context = { .flags = 4 };

    ck_assert_int_eq(hc_vcpu_is_up(&vcpu1), 0);
    ck_assert_int_eq(hc_vcpu_up(&vcpu1), -EINVAL);
    ck_assert_int_eq(hc_vcpu_initialise(&vcpu1, guest_ptr(HYPERVISOR_START)), -EFAULT);
    world.answer = -EINVAL;
    ck_assert_int_eq(hc_vcpu_initialise(&vcpu1, at(&context)), -EINVAL);
    world.answer = 0;
    vcpu1.starting = 1; /* another vCPU is at it */
    ck_assert_int_eq(hc_vcpu_initialise(&vcpu1, at(&context)), -ERESTART);
    ck_assert_uint_eq(vcpu1.starting, 1);
    vcpu1.starting = 0;
    ck_assert_int_eq(hc_vcpu_initialise(&vcpu1, at(&context)), 0);
    ck_assert_uint_eq(world.seen[0], 4);
    ck_assert_int_eq(hc_vcpu_initialise(&vcpu1, at(&context)), -EEXIST);
    ck_assert_int_eq(hc_vcpu_up(&vcpu1), 0);
    ck_assert_int_eq(hc_vcpu_is_up(&vcpu1), 1);
    ck_assert_int_eq(hc_vcpu_down(&vcpu1), 0);
    ck_assert_int_eq(hc_vcpu_is_up(&vcpu1), 0);
    world.calls = 0;
    ck_assert_int_eq(hc_vcpu_down(&vcpu0), 0); /* the last one: power off */
    ck_assert_uint_eq(world.calls, 1);
    ck_assert_uint_eq(world.seen[1], SHUTDOWN_poweroff);
}
END_TEST

START_TEST(test_vcpu_info_place)
{
    static const uint32_t bad[] = { 4096, 4095, 4033, 4036, 4, 1, UINT32_MAX, 1u << 31 };
    struct vcpu_register_vcpu_info op = { .mfn = 9, .offset = 4032 };

    ck_assert_int_eq(hc_vcpu_register_vcpu_info(&vcpu0, &op), 0);
    ck_assert_uint_eq(world.seen[2], 4032);
    ck_assert_int_eq(hc_vcpu_register_vcpu_info(&vcpu1, &op), 0);
    world.calls = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        op.offset = bad[i];
        ck_assert_int_eq(hc_vcpu_register_vcpu_info(&vcpu0, &op), -ENXIO);
    }
    op.offset = 0;
    vcpu1.paused = 0; /* up: its area is its own business */
    ck_assert_int_eq(hc_vcpu_register_vcpu_info(&vcpu1, &op), -EINVAL);
    ck_assert_uint_eq(world.calls, 0);
}
END_TEST

START_TEST(test_areas_are_checked_first)
{
    struct vcpu_register_runstate_memory_area op;
    struct vcpu_register_time_memory_area time;
    struct vcpu_runstate_info area, expected;

    memset(&area, 0xa5, sizeof(area));
    memset(&expected, 0, sizeof(expected));
    sched_runstate(&vcpu0, &expected);
    op.addr.p = HYPERVISOR_START;
    ck_assert_int_eq(hc_vcpu_register_runstate_memory_area(&vcpu0, &op), -EFAULT);
    ck_assert_uint_eq(vcpu0.runstate_area.va, 0);
    op.addr.p = at(&area).va;
    ck_assert_int_eq(hc_vcpu_register_runstate_memory_area(&vcpu0, &op), 0);
    ck_assert_mem_eq(&area, &expected, sizeof(area));
    ck_assert_uint_eq(vcpu0.runstate_area.va, op.addr.p);
    op.addr.p = 0;
    ck_assert_int_eq(hc_vcpu_register_runstate_memory_area(&vcpu0, &op), 0);
    ck_assert_uint_eq(vcpu0.runstate_area.va, 0);
    time.addr.p = HYPERVISOR_START - 8;
    ck_assert_int_eq(hc_vcpu_register_vcpu_time_memory_area(&vcpu0, &time), -EFAULT);
    time.addr.p = at(&area).va;
    ck_assert_int_eq(hc_vcpu_register_vcpu_time_memory_area(&vcpu0, &time), 0);
    ck_assert_uint_eq(vcpu0.arch.work, WORK_TIME);
}
END_TEST

START_TEST(test_timers_of_others)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = UINT64_MAX, .flags = UINT32_MAX };
    struct vcpu_get_physid id = { 0 };

    ck_assert_int_eq(hc_vcpu_set_singleshot_timer(&vcpu1, &op), -EINVAL);
    ck_assert_int_eq(hc_vcpu_stop_singleshot_timer(&vcpu1), -EINVAL);
    ck_assert_uint_eq(world.calls, 0);
    ck_assert_int_eq(hc_vcpu_set_singleshot_timer(&vcpu0, &op), 0);
    ck_assert_uint_eq(world.seen[2], 1);
    ck_assert_int_eq(hc_set_timer_op(UINT64_C(1) << 63), 0);
    ck_assert_uint_eq(world.seen[2], 0);
    vcpu0.affinity = 3;
    ck_assert_int_eq(hc_vcpu_get_physid(&vcpu0, &id), -EINVAL);
    vcpu0.affinity = 2;
    ck_assert_int_eq(hc_vcpu_get_physid(&vcpu0, &id), 0);
    ck_assert_uint_eq(id.phys_id, UINT64_C(1) << 32 | 2);
}
END_TEST

/* ---- descriptors and callbacks ---- */

START_TEST(test_trap_table_ends)
{
    static struct trap_info traps[300];

    for (unsigned i = 0; i < ARRAY_SIZE(traps); i++)
        traps[i] = (struct trap_info){ .vector = (uint8_t)i, .address = 0x1000 };
    ck_assert_int_eq(hc_set_trap_table(at(traps)), -EINVAL);
    ck_assert_uint_eq(world.calls, 257);
    traps[3].address = 0;
    world.calls = 0;
    ck_assert_int_eq(hc_set_trap_table(at(traps)), 0);
    ck_assert_uint_eq(world.calls, 3);
    ck_assert_int_eq(hc_set_trap_table(guest_ptr(0)), 0);
    ck_assert_uint_eq(world.calls, 4);
    ck_assert_int_eq(hc_set_trap_table(guest_ptr(HYPERVISOR_START)), -EFAULT);
}
END_TEST

START_TEST(test_descriptor_arguments)
{
    uint64_t frames[14] = { 5 };

    ck_assert_int_eq(hc_set_gdt(at(frames), 14 * 512), 0);
    ck_assert_int_eq(hc_set_gdt(at(frames), 16), 0);
    ck_assert_uint_eq(world.seen[1], 16);
    ck_assert_int_eq(hc_set_gdt(at(frames), 14 * 512 + 1), -EINVAL);
    ck_assert_int_eq(hc_set_gdt(at(frames), UINT32_MAX), -EINVAL);
    ck_assert_int_eq(hc_set_gdt(guest_ptr(HYPERVISOR_START), 1), -EFAULT);
    ck_assert_int_eq(hc_update_descriptor(0x1004, 0), -EINVAL);
    ck_assert_int_eq(hc_update_descriptor(UINT64_MAX, 0), -EINVAL);
    ck_assert_uint_eq(world.calls, 2);
    ck_assert_int_eq(hc_get_debugreg(6), 6);
    world.answer = -ENODEV;
    ck_assert_int_eq(hc_get_debugreg(4), -ENODEV);
}
END_TEST

START_TEST(test_callbacks_all_or_none)
{
    struct xennmi_callback nmi = { .handler_address = 0x2000 };

    ck_assert_int_eq(hc_set_callbacks(1, 2, UINT64_C(1) << 47), -EINVAL);
    ck_assert_int_eq(hc_set_callbacks(HYPERVISOR_START - 1, 2, 3), -EINVAL);
    ck_assert_int_eq(hc_set_callbacks(1, UINT64_C(1) << 63, 3), -EINVAL);
    ck_assert_uint_eq(world.calls, 0);
    ck_assert_int_eq(hc_set_callbacks(1, HYPERVISOR_END, 3), 0);
    ck_assert_uint_eq(world.calls, 3);
    percpu_current_vcpu = &vcpu1;
    ck_assert_int_eq(hc_nmi_register_callback(&nmi), 0);
    ck_assert_uint_eq(world.seen[0], 1); /* the caller */
}
END_TEST

/* ---- console, scheduling, platform ---- */

START_TEST(test_console_text_in_parts)
{
    char text[300], back[301];

    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    host.preempt = true;
    ck_assert_int_eq(hc_console_write(300, at(text)), -ERESTART);
    ck_assert_uint_eq(world.seen[0], CONSOLEIO_write);
    ck_assert_uint_eq(world.seen[1], 300 - world.text_bytes);
    ck_assert_uint_eq(world.seen[2], at(text).va + world.text_bytes);
    host.preempt = false;
    ck_assert_int_eq(hc_console_write((uint32_t)world.seen[1], guest_ptr(world.seen[2])), 0);
    ck_assert_uint_eq(world.text_bytes, 300);
    ck_assert_mem_eq(world.text, text, 300);
    ck_assert_int_eq(hc_console_write(UINT32_MAX, guest_ptr(HYPERVISOR_START - 5)), -EFAULT);
    world.typed = "hello";
    memset(back, 0xa5, sizeof(back));
    ck_assert_int_eq(hc_console_read(3, at(back)), 3);
    ck_assert_int_eq(hc_console_read(300, at(back + 3)), 2);
    ck_assert_int_eq(hc_console_read(300, at(back)), 0);
    ck_assert_mem_eq(back, "hello\xa5", 6);
}
END_TEST

START_TEST(test_poll_and_shutdown)
{
    evtchn_port_t ports[129] = { [127] = 9 };
    struct sched_poll op = { .ports = at(ports).va, .nr_ports = 128, .timeout = 7 };
    struct sched_remote_shutdown remote = { .domain_id = 2 };
    struct sched_shutdown code = { .reason = SHUTDOWN_suspend };

    ck_assert_int_eq(hc_sched_poll(&op), 0);
    ck_assert_uint_eq(world.seen[0], 9);
    op.nr_ports = 129;
    ck_assert_int_eq(hc_sched_poll(&op), -EINVAL);
    op.nr_ports = UINT32_MAX;
    ck_assert_int_eq(hc_sched_poll(&op), -EINVAL);
    op.nr_ports = 1;
    op.ports = HYPERVISOR_START;
    ck_assert_int_eq(hc_sched_poll(&op), -EFAULT);
    ck_assert_int_eq(on_sched_remote_shutdown(&remote), -ESRCH);
    remote.domain_id = 1;
    ck_assert_int_eq(on_sched_remote_shutdown(&remote), 0);
    ck_assert_uint_eq(world.seen[0], 1);
    ck_assert_int_eq(hc_sched_shutdown_code(&code), 0);
    code.reason = SHUTDOWN_crash;
    ck_assert_int_eq(hc_sched_shutdown_code(&code), 0); /* the first choice stays */
    ck_assert_uint_eq(own.shutdown_code, SHUTDOWN_suspend);
}
END_TEST

START_TEST(test_platform_arguments)
{
    struct xenpf_settime64 time = { .secs = 1, .nsecs = 999999999 };
    struct xenpf_pcpuinfo cpu = { .xen_cpuid = 1 };
    struct xenpf_enter_acpi_sleep sleep = { .sleep_state = 5 };
    struct xenpf_firmware_info info = { .type = XEN_FW_KBD_SHIFT_FLAGS };

    ck_assert_int_eq(hc_platform_settime64(&time), 0);
    time.mbz = 1;
    ck_assert_int_eq(hc_platform_settime64(&time), -EINVAL);
    time.mbz = 0;
    time.nsecs++;
    ck_assert_int_eq(hc_platform_settime64(&time), -EINVAL);
    ck_assert_int_eq(hc_platform_get_cpuinfo(&cpu), 0);
    ck_assert_uint_eq(cpu.flags, XEN_PCPU_FLAGS_ONLINE);
    ck_assert_uint_eq(cpu.apic_id, 2);
    ck_assert_uint_eq(cpu.max_present, 1);
    cpu.xen_cpuid = UINT32_MAX;
    ck_assert_int_eq(hc_platform_get_cpuinfo(&cpu), 0);
    ck_assert_uint_eq(cpu.flags, XEN_PCPU_FLAGS_INVALID);
    ck_assert_int_eq(hc_platform_enter_acpi_sleep(&sleep), 0);
    sleep.sleep_state = 3;
    ck_assert_int_eq(hc_platform_enter_acpi_sleep(&sleep), -EOPNOTSUPP);
    sleep.sleep_state = 261;
    ck_assert_int_eq(hc_platform_enter_acpi_sleep(&sleep), -EINVAL);
    ck_assert_int_eq(hc_platform_firmware_info(&info), 0);
    info.type = XEN_FW_EFI_INFO;
    ck_assert_int_eq(hc_platform_firmware_info(&info), -ENOSYS);
    info.type = UINT32_MAX;
    ck_assert_int_eq(hc_platform_firmware_info(&info), -EINVAL);
}
END_TEST

START_TEST(test_map_pirq_kinds)
{
    struct physdev_map_pirq op = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 9, .pirq = -1
    };

    ck_assert_int_eq(on_physdev_map_pirq(&op), 0);
    ck_assert_int_eq(op.pirq, 9);
    op.pirq = 8;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.index = INT32_MIN;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op = (struct physdev_map_pirq){ .domid = 0,
                                    .type = MAP_PIRQ_TYPE_MSI_SEG,
                                    .index = -1,
                                    .pirq = -1,
                                    .bus = 3 << 16 | 2,
                                    .devfn = 0x18 };
    ck_assert_int_eq(on_physdev_map_pirq(&op), 0);
    ck_assert_uint_eq(world.seen[1], 0x30218);
    ck_assert_uint_eq(world.seen[2], UINT64_MAX);
    op.table_base = 0xfebf0000;
    op.entry_nr = 2;
    ck_assert_int_eq(on_physdev_map_pirq(&op), 0);
    ck_assert_uint_eq(world.seen[2], 2);
    world.calls = 0;
    op.entry_nr = 65536;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.entry_nr = 0;
    op.devfn = 256;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.devfn = 0;
    op.bus = 256;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.bus = 1 << 16;
    op.type = MAP_PIRQ_TYPE_MSI;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.type = MAP_PIRQ_TYPE_MULTI_MSI;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EOPNOTSUPP);
    op.type = -1;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -EINVAL);
    op.domid = 7;
    ck_assert_int_eq(on_physdev_map_pirq(&op), -ESRCH);
    ck_assert_uint_eq(world.calls, 0);
}
END_TEST

START_TEST(test_iopl_and_alloc_vector)
{
    struct physdev_set_iopl iopl = { .iopl = 3 };
    struct physdev_irq irq = { .irq = 4 };

    ck_assert_int_eq(hc_physdev_set_iopl(&iopl), 0);
    ck_assert_uint_eq(vcpu0.arch.iopl, 3);
    iopl.iopl = 259;
    ck_assert_int_eq(hc_physdev_set_iopl(&iopl), -EINVAL);
    ck_assert_uint_eq(vcpu0.arch.iopl, 3);
    ck_assert_int_eq(hc_physdev_alloc_irq_vector(&irq), 0);
    ck_assert_uint_eq(irq.vector, 0x31);
    world.answer = -EINVAL;
    ck_assert_int_eq(hc_physdev_alloc_irq_vector(&irq), -EINVAL);
}
END_TEST

/* ---- memory maps ---- */

START_TEST(test_memory_maps)
{
    struct memory_map_entry read[MEMORY_RANGES_MAX + 1],
        set[2] = { { 0, 4096, 1 }, { 4096, 1, 2 } };
    struct xen_memory_map op = { .nr_entries = 1 };
    struct xen_foreign_memory_map foreign = { .domid = DOMID_SELF };

    ck_assert(memory_map_publish(0, 0x9fc00, 1));
    ck_assert(memory_map_publish(0xf0000, 0x100000, 2));
    ck_assert_int_eq(hc_memory_machine_memory_map(&op), 0); /* no buffer: how many? */
    ck_assert_uint_eq(op.nr_entries, 2);
    op.buffer = at(read).va;
    op.nr_entries = 1;
    ck_assert_int_eq(hc_memory_machine_memory_map(&op), -EINVAL);
    op.nr_entries = UINT32_MAX;
    ck_assert_int_eq(hc_memory_machine_memory_map(&op), 0);
    ck_assert_uint_eq(op.nr_entries, 2);
    ck_assert_uint_eq(read[1].start, 0xf0000);
    ck_assert_uint_eq(read[1].bytes, 0x10000);
    ck_assert_int_eq(hc_memory_memory_map(&op), -ENOSYS);
    foreign.map = (struct xen_memory_map){ .nr_entries = 2, .buffer = at(set).va };
    ck_assert_int_eq(on_memory_set_memory_map(&foreign), 0);
    ck_assert_int_eq(on_memory_set_memory_map(&foreign), 0); /* replaces, frees the old one */
    op.nr_entries = 1;
    ck_assert_int_eq(hc_memory_memory_map(&op), 0);
    ck_assert_uint_eq(op.nr_entries, 1);
    op.nr_entries = 9;
    ck_assert_int_eq(hc_memory_memory_map(&op), 0);
    ck_assert_uint_eq(op.nr_entries, 2);
    ck_assert_mem_eq(read, set, sizeof(set));
    foreign.map.nr_entries = MEMORY_RANGES_MAX + 1;
    ck_assert_int_eq(on_memory_set_memory_map(&foreign), -EINVAL);
    foreign.map.nr_entries = 0;
    ck_assert_int_eq(on_memory_set_memory_map(&foreign), -EINVAL);
    heap_free(own.memory_map, own.nr_memory_map * sizeof(*own.memory_map));
}
END_TEST

static TCase *cases(void)
{
    TCase *tests = tcase_create("arguments");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_strings_are_padded);
    tcase_add_test(tests, test_features);
    tcase_add_test(tests, test_vm_assist_types);
    tcase_add_test(tests, test_vcpu_life);
    tcase_add_test(tests, test_vcpu_info_place);
    tcase_add_test(tests, test_areas_are_checked_first);
    tcase_add_test(tests, test_timers_of_others);
    tcase_add_test(tests, test_trap_table_ends);
    tcase_add_test(tests, test_descriptor_arguments);
    tcase_add_test(tests, test_callbacks_all_or_none);
    tcase_add_test(tests, test_console_text_in_parts);
    tcase_add_test(tests, test_poll_and_shutdown);
    tcase_add_test(tests, test_platform_arguments);
    tcase_add_test(tests, test_map_pirq_kinds);
    tcase_add_test(tests, test_iopl_and_alloc_vector);
    tcase_add_test(tests, test_memory_maps);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("hypercall/arguments");

    suite_add_tcase(suite, cases());
    return suite_run(suite);
}
