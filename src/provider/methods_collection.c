/* SPDX-License-Identifier: Apache-2.0 */
/*
 * methods_collection - rules and members of collections
 *
 * A direct rule makes a resource a member.  This site has no inventory that a
 * query rule could ask, nor collections within collections: those rules are
 * refused, not kept as if they did something.
 *
 * Source: Configuration Manager SDK, "AddMembershipRule", "AddMembershipRules", "DeleteMembershipRule",
 *         "DeleteMembershipRules", "DeleteAllMembers", "RequestRefresh", "GetNumResults", "GetTotalNumResults",
 *         "VerifyNoCircularDependencies" Method in Class SMS_Collection.
 */
#include "provider/private.h"

static bool first(void *ctx, struct cim_instance *i)
{
        *(struct cim_instance **)ctx = i;
        return false;
}

static int resource_name(struct call *c, int64_t id, struct str *out, struct err *e)
{
        const struct cim_class *class = provider_class("SMS_R_System");
        struct provider_expr is = provider_number_is(class, "ResourceID", id);
        struct provider_query q = { .class = class, .where = &is };
        struct cim_instance *i = NULL;
        int r = provider_query_run(c->t->db, &q, c->a, first, &i, e);

        if (r < 0)
                return r;
        if (!i)
                return err_set(e, ERR_NOT_FOUND, "there is no resource %lld: SMS_R_System lists them", (long long)id);
        *out = cim_get(i, "Name")->s;
        return 0;
}

/* The member a rule is about; by its ResourceID, or by the rule's name where none is given. */
static int rule_member(struct call *c, struct str rule, struct str *name, struct err *e)
{
        const struct cim_value *id, *class_name, *label;
        struct cim_instance *in;
        int r = call_embedded(c, rule, "SMS_CollectionRule", &in, e);

        if (r < 0)
                return r;
        if (strcmp(in->class->name, "SMS_CollectionRuleDirect") != 0)
                return err_set(e, ERR_NOT_SUPPORTED, "%s: only direct rules make members here", in->class->name);
        class_name = cim_get(in, "ResourceClassName");
        if (class_name && class_name->s.n && !str_eqz_nocase(class_name->s, "SMS_R_System"))
                return err_set(e, ERR_NOT_SUPPORTED, "ResourceClassName %.*s: members are of SMS_R_System",
                               (int)MIN(class_name->s.n, (size_t)60), class_name->s.p);
        id = cim_get(in, "ResourceID");
        label = cim_get(in, "RuleName");
        if (id && id->i)
                return resource_name(c, id->i, name, e);
        if (!label || !label->s.n)
                return err_set(e, ERR_INVALID, "a direct rule names its resource: ResourceID, or RuleName when it is new");
        *name = label->s;
        return 0;
}

static int apply(struct call *c, struct str rule, bool add, struct err *e)
{
        struct str name;
        int r = rule_member(c, rule, &name, e);

        return r < 0 ? r : model_collection_member(c->t, self_str(c, "CollectionID"), name, add, e);
}

static int apply_all(struct call *c, bool add, struct err *e)
{
        const struct cim_value *rules;
        size_t n;
        int r = 0;

        (void)call_list(c, "collectionRules", &rules, &n);
        for (size_t i = 0; i < n && r == 0; i++)
                r = apply(c, rules[i].s, add, e);
        return r;
}

static int add_rule(struct call *c, struct err *e)
{
        int r = apply(c, call_str(c, "collectionRule"), true, e);

        call_out_i64(c, "QueryID", 0);          /* documented for direct rules */
        return r;
}

static int add_rules(struct call *c, struct err *e)
{
        const struct cim_value *rules;
        struct cim_value *ids;
        size_t n;

        (void)call_list(c, "collectionRules", &rules, &n);
        ids = arena_array(c->a, n + 1, sizeof *ids);
        if (!ids)
                return err_set(e, ERR_NOMEM, "out of memory");
        call_out_list(c, "QueryIDs", ids, n);
        return apply_all(c, true, e);
}

static int delete_rule(struct call *c, struct err *e)
{
        return apply(c, call_str(c, "collectionRule"), false, e);
}

static int delete_rules(struct call *c, struct err *e)
{
        return apply_all(c, false, e);
}

static int delete_members(struct call *c, struct err *e)
{
        const struct cim_class *class = provider_class("TM_CollectionMember");
        struct provider_expr is = provider_text_is(class, "CollectionID", self_str(c, "CollectionID"));
        struct provider_query q = { .class = class, .where = &is };
        int r;

        do {
                struct cim_instance *i = NULL;

                r = provider_query_run(c->t->db, &q, c->a, first, &i, e);
                if (r < 0 || !i)
                        return r;
                r = model_collection_member(c->t, self_str(c, "CollectionID"), cim_get(i, "Name")->s, false, e);
        } while (r == 0);
        return r;
}

static int refresh(struct call *c, struct err *e)
{
        return model_collection_refresh(c->t, self_str(c, "CollectionID"), e);
}

/* By id or by object path. */
static int find(struct call *c, const char *parameter, struct cim_instance **out, struct err *e)
{
        struct str given = call_str(c, parameter);
        struct cim_instance *keys;
        struct cim_path path;
        int r;

        if (memchr(given.p, '=', given.n)) {
                r = cim_path_parse(given, c->a, &path, e);
                if (r == 0)
                        r = cim_path_bind(&path, c->a, &keys, e);
                if (r == 0 && strcmp(keys->class->name, "SMS_Collection") != 0)
                        r = err_set(e, ERR_INVALID, "%s is no SMS_Collection", keys->class->name);
                if (r < 0)
                        return r;
        } else {
                keys = cim_instance_new(provider_class("SMS_Collection"), c->a);
                if (!keys)
                        return err_set(e, ERR_NOMEM, "out of memory");
                cim_set_str(keys, "CollectionID", given);
        }
        return provider_get(c->t->db, keys, c->a, out, e);
}

static int count_results(struct call *c, struct err *e)
{
        struct cim_instance *collection;
        int r = find(c, "Collection", &collection, e);

        if (r == 0)
                call_out_i64(c, "Result", cim_get(collection, "MemberCount")->i);
        return r;
}

/* A collection limits another, and so on up: would the parent come back to itself? */
static int verify_no_circle(struct call *c, struct err *e)
{
        struct cim_instance *parent, *sub;
        int r = find(c, "subCollection", &sub, e);

        if (r == 0)
                r = find(c, "parentCollection", &parent, e);
        if (r < 0)
                return r;
        for (unsigned depth = 0; parent && depth < 64; depth++) {
                const struct cim_value *up = cim_get(parent, "LimitToCollectionID");
                struct cim_instance *keys;

                if (str_eq_nocase(cim_get(parent, "CollectionID")->s, cim_get(sub, "CollectionID")->s)) {
                        call_out_i64(c, "Result", 0);
                        return 0;
                }
                if (!up || !up->s.n)
                        break;
                keys = cim_instance_new(parent->class, c->a);
                if (!keys)
                        return err_set(e, ERR_NOMEM, "out of memory");
                cim_set_str(keys, "CollectionID", up->s);
                r = provider_find(c->t->db, keys, c->a, &parent, e);
                if (r < 0)
                        return r;
        }
        call_out_i64(c, "Result", 1);
        return 0;
}

const struct provider_method provider_collection_methods[] = {
        { "SMS_Collection", "AddMembershipRule", add_rule },
        { "SMS_Collection", "AddMembershipRules", add_rules },
        { "SMS_Collection", "DeleteAllMembers", delete_members },
        { "SMS_Collection", "DeleteMembershipRule", delete_rule },
        { "SMS_Collection", "DeleteMembershipRules", delete_rules },
        { "SMS_Collection", "GetNumResults", count_results },
        { "SMS_Collection", "GetTotalNumResults", count_results },
        { "SMS_Collection", "RequestRefresh", refresh },
        { "SMS_Collection", "VerifyNoCircularDependencies", verify_no_circle },
        { 0 },
};
