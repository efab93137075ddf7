/* SPDX-License-Identifier: MIT */
/*
 * Copying between frames of two domains, at least one side by grant, without a mapping.
 *
 * Each side is claimed (a grant is pinned, an own frame referenced; the destination with a writable
 * type) before a byte moves, the source first, and both are given back afterwards. No lock is held
 * during the copy: the references keep the frames what they are, and what the guests write there
 * meanwhile is theirs to sort out.
 */
#include "core/grant_table.h"
#include "lib/string.h"
#include "sys/log.h"

struct copy_side {
    struct domain *d; /* with a reference */
    grant_ref_t ref;
    bool is_grant;
    mfn_t mfn;
    unsigned kinds; /* one pin or one frame reference */
};

/* Only one's own frames can be named without a grant. */
static int16_t side_domain_get(struct vcpu *v, const struct gnttab_copy_ptr *ptr, bool is_grant,
                               struct domain **d)
{
    if (ptr->domid != DOMID_SELF && !is_grant)
        return GNTST_permission_denied;
    if (ptr->domid == DOMID_SELF)
        *d = domain_get(v->domain->id);
    else
        *d = grant_peer_get(ptr->domid);
    return *d ? GNTST_okay : GNTST_bad_domain;
}

static int16_t side_claim(struct vcpu *v, struct copy_side *side, const struct gnttab_copy_ptr *ptr)
{
    if (side->is_grant) {
        side->ref = ptr->u.ref;
        return grant_pin_get(side->d, side->ref, v->domain->id, side->kinds, false, &side->mfn);
    }
    side->mfn = _mfn(ptr->u.gmfn);
    return grant_frame_get(side->d, side->mfn, side->kinds);
}

static void side_release(const struct copy_side *side)
{
    if (side->is_grant)
        grant_pin_put(side->d, side->ref, side->kinds, side->kinds);
    else
        grant_frame_put(side->mfn, side->kinds);
}

static bool is_within_frame(const struct gnttab_copy_ptr *ptr, unsigned len)
{
    return ptr->offset + len <= PAGE_SIZE; /* 16-bit values: no overflow */
}

static int16_t copy_between(struct vcpu *v, const struct gnttab_copy *op, struct copy_side *src,
                            struct copy_side *dst)
{
    int16_t status;

    if (!is_within_frame(&op->source, op->len) || !is_within_frame(&op->dest, op->len))
        return GNTST_bad_copy_arg;
    if (op->len == 0)
        return GNTST_okay;
    status = side_claim(v, src, &op->source);
    if (status != GNTST_okay)
        return status;
    status = side_claim(v, dst, &op->dest);
    if (status == GNTST_okay) {
        /* Source and destination may be the same frame. */
        memmove((uint8_t *)machine_map(dst->mfn) + op->dest.offset,
                (const uint8_t *)machine_map(src->mfn) + op->source.offset, op->len);
        side_release(dst);
    }
    side_release(src);
    return status;
}

void grant_copy(struct vcpu *v, struct gnttab_copy *op)
{
    struct copy_side src = { .is_grant = op->flags & GNTCOPY_source_gref,
                             .kinds = PIN_BIT(PIN_HOST_READ) };
    struct copy_side dst = { .is_grant = op->flags & GNTCOPY_dest_gref,
                             .kinds = PIN_BIT(PIN_HOST_WRITE) };

    op->status = side_domain_get(v, &op->source, src.is_grant, &src.d);
    if (op->status != GNTST_okay)
        return;
    op->status = side_domain_get(v, &op->dest, dst.is_grant, &dst.d);
    if (op->status == GNTST_okay) {
        op->status = copy_between(v, op, &src, &dst);
        domain_put(dst.d);
    }
    domain_put(src.d);
}
