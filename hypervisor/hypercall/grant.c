/* SPDX-License-Identifier: MIT */
/* grant_table_op: each element to core/grant.h, which puts a status into it. */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"

void hc_gnttab_map_grant_ref(struct gnttab_map_grant_ref *op)
{
    grant_map(current, op);
}

void hc_gnttab_unmap_grant_ref(struct gnttab_unmap_grant_ref *op)
{
    grant_unmap(current, op);
}

void hc_gnttab_unmap_grant_ref_flush(void)
{
    grant_unmap_flush(current);
}

void hc_gnttab_unmap_and_replace(struct gnttab_unmap_and_replace *op)
{
    grant_unmap_and_replace(current, op);
}

void hc_gnttab_unmap_and_replace_flush(void)
{
    grant_unmap_flush(current);
}

void hc_gnttab_copy(struct gnttab_copy *op)
{
    grant_copy(current, op);
}

long hc_gnttab_setup_table(struct gnttab_setup_table *op)
{
    grant_setup_table(current, op);
    return 0;
}

long hc_gnttab_query_size(struct gnttab_query_size *op)
{
    grant_query_size(current, op);
    return 0;
}

long hc_gnttab_set_version(struct gnttab_set_version *op)
{
    return grant_set_version(current, op);
}

long hc_gnttab_get_version(struct gnttab_get_version *op)
{
    return grant_get_version(current, op);
}

/* Its one error is the element's status. */
void hc_gnttab_swap_grant_ref(struct gnttab_swap_grant_ref *op)
{
    if (grant_swap_ref(current, op))
        op->status = GNTST_general_error;
}
