/* SPDX-License-Identifier: MIT */
/* Handlers of traps, and their registration with the hypervisor. */
#include <stddef.h>

#include "lamina/console.h"
#include "lamina/hypercall.h"
#include "lamina/start.h"
#include "lamina/trap.h"

#define STUB_SIZE 64 /* src/entry.S aligns each stub to this */

extern char trap_stubs[], stub_syscall[], stub_events[], stub_failsafe[];

static trap_handler handlers[TRAPS];
static struct trap_info registered[32]; /* of vCPU 0: what others start with */

static void trap_unexpected(const struct trap_frame *frame)
{
    console_print("unexpected trap %lu, error code %lx, at %lx (cs %x), stack %lx\n", frame->vector,
                  frame->error_code, frame->rip, frame->cs, frame->rsp);
    guest_shutdown(SHUTDOWN_crash);
}

void trap_dispatch(struct trap_frame *frame);
void trap_dispatch(struct trap_frame *frame)
{
    unsigned vector = frame->vector & 0xff;

    if (handlers[vector])
        handlers[vector](frame);
    else
        trap_unexpected(frame);
}

void trap_handle(unsigned vector, trap_handler handler)
{
    handlers[vector] = handler;
}

long trap_register(unsigned vector, uint8_t flags)
{
    struct trap_info table[2] = {
        { .vector = (uint8_t)vector, .flags = flags, .cs = FLAT_KERNEL_CS,
          .address = (uint64_t)trap_stubs + vector * STUB_SIZE },
        { .address = 0 },
    };
    long error = hypercall_set_trap_table(table);

    if (!error)
        registered[vector] = table[0];
    return error;
}

void trap_fill_context(unsigned vcpu, struct vcpu_guest_context *context)
{
    for (unsigned vector = 0; vector < 32; vector++)
        context->trap_ctxt[vector] = registered[vector];
    context->event_callback_eip = (uint64_t)stub_events + vcpu * STUB_SIZE;
    context->failsafe_callback_eip = (uint64_t)stub_failsafe;
    context->syscall_callback_eip = (uint64_t)stub_syscall;
}

static void callback_set(uint16_t type, const char *address)
{
    struct callback_register op = {
        .type = type, .flags = CALLBACKF_mask_events, .address = (uint64_t)address
    };

    hypercall_callback_register(&op);
}

void trap_init(void)
{
    for (unsigned vector = 0; vector < 32; vector++)
        trap_register(vector, vector == 3 || vector == 4 ? 3 : 0);
    callback_set(CALLBACKTYPE_event, stub_events);
    callback_set(CALLBACKTYPE_failsafe, stub_failsafe);
    callback_set(CALLBACKTYPE_syscall, stub_syscall);
}
