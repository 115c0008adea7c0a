/* SPDX-License-Identifier: Apache-2.0 */
/* verbs - the one table of what tallyman can be told; options first, then the rows */
#include "verbs.h"

#define ANY SIZE_MAX
#define END { 0 }
#define DP_OPTION { "dp", 0, OPT_LIST, "NAME...", "distribution points; wildcards as in 'dp-par-*'" }
#define SITE_OPTION { "site", 0, OPT_LIST, "CODE...", "every distribution point of these sites" }
#define GROUP_OPTION { "group", 'g', OPT_LIST, "NAME...", "distribution point groups" }
#define DRY_RUN { "dry-run", 'n', OPT_FLAG, NULL, "only say what would be done" }
#define NAME_OPTION { "name", 0, OPT_VALUE, "NAME", "its name" }
#define DESCRIPTION { "description", 0, OPT_VALUE, "TEXT", "for people" }
#define COMMENT { "comment", 0, OPT_VALUE, "TEXT", "for people" }
#define CONTEXT { "context", 0, OPT_VALUE, "NAME=VALUE", "a context value for the provider, as MachineName=pc1; any number" }
#define TIMEOUT { "timeout", 't', OPT_VALUE, "TIME", "give up after so long: 90s, 30m, 2h, 1d" }

const struct opt global_options[] = {
        { "server", 's', OPT_VALUE, "URL", "unix:PATH or https://HOST:PORT" },
        { "user", 'u', OPT_VALUE, "NAME", "account, over https" },
        { "password-file", 0, OPT_VALUE, "FILE", "its first line is the password" },
        { "cacert", 0, OPT_VALUE, "FILE", "authority that signed the site's certificate" },
        { "output", 'o', OPT_VALUE, "FORMAT", "table, wide, json, jsonl, csv, name, mof" },
        { "json", 0, OPT_FLAG, NULL, "the same as -o json" },
        { "quiet", 'q', OPT_FLAG, NULL, "no words and no progress on stderr" },
        { "help", 'h', OPT_FLAG, NULL, "say how a verb is used" },
        { "version", 'V', OPT_FLAG, NULL, "say the version" },
        END,
};

static const struct opt site_create_options[] = {
        NAME_OPTION,
        { "parent", 0, OPT_VALUE, "CODE", "the site above; this site when not given" },
        { "type", 0, OPT_VALUE, "WORD", "secondary (default), primary, central" },
        { "host", 0, OPT_VALUE, "HOST", "its site server" },
        END,
};
static const struct opt dp_add_options[] = {
        { "site", 0, OPT_VALUE, "CODE", "the site it belongs to" },
        { "url", 0, OPT_VALUE, "URL", "where clients fetch content; the DP tells it when it enrols" },
        DESCRIPTION,
        END,
};
static const struct opt dp_list_options[] = { SITE_OPTION, END };
static const struct opt dp_remove_options[] = {
        { "force", 'f', OPT_FLAG, NULL, "also while it holds content: the machine is gone" },
        END,
};
#define NEW_PASSWORD { "new-password-file", 0, OPT_VALUE, "FILE", "its first line; without, one is made up and printed" }
#define ROLE { "role", 0, OPT_VALUE, "WORD", "analyst (default), operator, administrator" }
static const struct opt user_add_options[] = {
        ROLE,
        { "ntlm", 0, OPT_FLAG, NULL, "also by NTLM (DCOM); stores an NT hash" },
        NEW_PASSWORD, END,
};
static const struct opt user_role_options[] = { ROLE, END };
static const struct opt user_password_options[] = { NEW_PASSWORD, END };
static const struct opt user_ntlm_options[] = {
        { "new-password-file", 0, OPT_VALUE, "FILE", "the password it has; without, it gets a new one, which is printed" },
        END,
};
static const struct opt group_create_options[] = { DESCRIPTION, END };
static const struct opt group_member_options[] = {
        DP_OPTION,
        { "with-content", 0, OPT_FLAG, NULL, "add: send it the group's packages; remove: take them off it" },
        END,
};
#define PACKAGE_OPTIONS \
        NAME_OPTION, \
        { "source", 0, OPT_VALUE, "DIR", "folder of the source files, as the site server sees it" }, \
        { "version", 0, OPT_VALUE, "TEXT", "version of the software" }, \
        { "manufacturer", 0, OPT_VALUE, "TEXT", "who made it" }, \
        { "language", 0, OPT_VALUE, "TEXT", "its language" }, \
        DESCRIPTION, \
        { "priority", 0, OPT_VALUE, "WORD", "order of sending: high, normal, low" }
static const struct opt package_options[] = { PACKAGE_OPTIONS, END };
static const struct opt distribute_options[] = {
        DP_OPTION, SITE_OPTION, GROUP_OPTION,
        { "all", 'a', OPT_FLAG, NULL, "to every distribution point" },
        DRY_RUN, END,
};
static const struct opt target_options[] = { DP_OPTION, SITE_OPTION, GROUP_OPTION, DRY_RUN, END };
static const struct opt failed_options[] = {
        DP_OPTION, SITE_OPTION, GROUP_OPTION,
        { "failed", 0, OPT_FLAG, NULL, "only where it failed or was found damaged" },
        DRY_RUN, END,
};
static const struct opt validate_options[] = {
        DP_OPTION, SITE_OPTION, GROUP_OPTION,
        { "all", 'a', OPT_FLAG, NULL, "every package they hold" },
        DRY_RUN, END,
};
static const struct opt status_options[] = {
        { "by-site", 0, OPT_FLAG, NULL, "one row a site" },
        { "by-dp", 0, OPT_FLAG, NULL, "one row a distribution point" },
        { "state", 0, OPT_LIST, "STATE...", "only these: INSTALL_FAILED, 3, error, in-progress" },
        { "watch", 'w', OPT_FLAG, NULL, "then go on with every change" },
        END,
};
static const struct opt wait_options[] = {
        { "for", 0, OPT_VALUE, "WHAT", "ready (default), installed, removed, failed" },
        { "version", 0, OPT_VALUE, "N", "that source version or a later one" },
        TIMEOUT,
        { "min-ready", 0, OPT_VALUE, "PERCENT", "so many of the distribution points are enough: 95%" },
        { "fail-fast", 0, OPT_FLAG, NULL, "end with 4 at the first failure" },
        END,
};
static const struct opt program_options[] = {
        NAME_OPTION,
        { "command-line", 0, OPT_VALUE, "TEXT", "what a client runs" },
        { "working-directory", 0, OPT_VALUE, "DIR", "where it runs" },
        COMMENT,
        { "duration", 0, OPT_VALUE, "MINUTES", "how long it may take" },
        { "flags", 0, OPT_VALUE, "N", "ProgramFlags" },
        END,
};
static const struct opt advert_options[] = {
        NAME_OPTION,
        { "package", 0, OPT_VALUE, "ID", "the package" },
        { "program", 0, OPT_VALUE, "NAME", "its program" },
        { "collection", 0, OPT_VALUE, "ID", "for whom" },
        { "present", 0, OPT_VALUE, "TIME", "offered from then on; now when not given" },
        { "expire", 0, OPT_VALUE, "TIME", "offered until then" },
        { "offer", 0, OPT_VALUE, "WORD", "required (default) or available" },
        COMMENT,
        END,
};
static const struct opt collection_options[] = { NAME_OPTION, COMMENT, END };
static const struct opt offers_options[] = { { "site", 0, OPT_VALUE, "CODE", "only this site's" }, END };
static const struct opt job_list_options[] = {
        { "all", 'a', OPT_FLAG, NULL, "finished ones too" },
        END,
};
static const struct opt object_options[] = { CONTEXT, END };
static const struct opt get_options[] = {
        CONTEXT,
        { "filter", 0, OPT_VALUE, "TEXT", "of a class: \"Name eq 'x' and State ne 0\"" },
        { "orderby", 0, OPT_VALUE, "TEXT", "of a class: \"Name desc\"" },
        END,
};
static const struct opt watch_options[] = {
        { "show", 0, OPT_LIST, "PROPERTY...", "only these of the instance, as lines 'Property: value'" },
        { "from", 0, OPT_VALUE, "SEQ", "what came behind this position of the change log first" },
        { "count", 'c', OPT_VALUE, "N", "end after so many" },
        TIMEOUT,
        END,
};
static const struct opt wql_check_options[] = { { "kind", 0, OPT_VALUE, "WORD", "data or event; as it looks when not given" }, END };
static const struct opt events_options[] = {
        { "from", 0, OPT_VALUE, "SEQ", "what came behind this position of the change log first" },
        { "count", 'c', OPT_VALUE, "N", "end after so many" },
        TIMEOUT,
        END,
};
static const struct opt verify_options[] = {
        { "deep", 0, OPT_FLAG, NULL, "also ask every distribution point what it holds" },
        END,
};
static const struct opt diff_options[] = { { "dp", 0, OPT_LIST, "A B", "the two to compare" }, END };

const struct verb verbs[] = {
        { "site", "list", "", "Sites of the hierarchy.", 0, 0, NULL, site_list },
        { "site", "show", "[CODE]", "One site; this one without a code.", 0, 1, NULL, site_show },
        { "site", "create", "CODE --name NAME --host HOST", "Make a child site known.", 1, 1, site_create_options, site_create },
        { "site", "delete", "CODE", "Forget a child site that has no distribution points.", 1, 1, NULL, site_delete },

        { "dp", "add", "NAME --site CODE", "Make a distribution point known; its enrolment token goes to stdout.\n"
          "Hand the token to 'tallyman-dp --enroll' on that machine; it works once.", 1, 1, dp_add_options, dp_add },
        { "dp", "list", "", "Distribution points.", 0, 0, dp_list_options, dp_list },
        { "dp", "show", "NAME", "One distribution point.", 1, 1, NULL, dp_show },
        { "dp", "remove", "NAME...", "Forget distribution points; their certificates are revoked.", 1, ANY,
          dp_remove_options, dp_remove },
        { "dp", "token", "NAME", "A new enrolment token on stdout; earlier ones are void.", 1, 1, NULL, dp_token },
        { "dp", "maintenance", "NAME... on|off", "In maintenance a distribution point gets no new work.", 2, ANY, NULL,
          dp_maintenance },

        { "user", "add", "NAME [--role ROLE] [--ntlm]", "A new account; a made-up password on stdout.", 1, 1,
          user_add_options, user_add },
        { "user", "list", "", "Accounts.", 0, 0, NULL, user_list },
        { "user", "set-password", "NAME", "Another password; made up and on stdout unless given.", 1, 1,
          user_password_options, user_set_password },
        { "user", "set-role", "NAME --role ROLE", "What the account may do.", 1, 1, user_role_options, user_set_role },
        { "user", "enable-ntlm", "NAME", "Let it log on by NTLM, which DCOM clients use; stores an NT hash.", 1, 1,
          user_ntlm_options, user_enable_ntlm },
        { "user", "disable-ntlm", "NAME", "No NTLM; its NT hash is gone.", 1, 1, NULL, user_disable_ntlm },
        { "user", "disable", "NAME", "Nobody logs on as it.", 1, 1, NULL, user_disable },
        { "user", "enable", "NAME", "It may log on again.", 1, 1, NULL, user_enable },
        { "user", "delete", "NAME", "The account goes.", 1, 1, NULL, user_delete },
        { "group", "create", "NAME", "A group of distribution points; GroupID on stdout.", 1, 1, group_create_options,
          group_create },
        { "group", "delete", "NAME", "Delete a group; content stays where it is.", 1, 1, NULL, group_delete },
        { "group", "add", "NAME DP...", "Make distribution points members.", 1, ANY, group_member_options, group_add },
        { "group", "remove", "NAME DP...", "Take members out.", 1, ANY, group_member_options, group_remove },
        { "group", "list", "", "Groups.", 0, 0, NULL, group_list },
        { "group", "show", "NAME", "A group, its members and packages.", 1, 1, NULL, group_show },

        { "package", "create", "--name NAME [--source DIR]", "A new package; PackageID on stdout.\n"
          "With a source folder its first version is read at once.", 0, 0, package_options, package_create },
        { "package", "list", "", "Packages.", 0, 0, NULL, package_list },
        { "package", "show", "ID", "One package.", 1, 1, NULL, package_show },
        { "package", "update", "ID...", "Read the source folder again: version + 1, sent to every holder.", 1, ANY, NULL,
          package_update },
        { "package", "set", "ID OPTION...", "Change what is known of a package.", 1, 1, package_options, package_set },
        { "package", "delete", "ID...", "Remove it from every distribution point, then forget it.", 1, ANY, NULL,
          package_delete },

        { NULL, "distribute", "ID... --dp NAME...|--site CODE...|--group NAME...|--all",
          "Send packages to distribution points.", 1, ANY, distribute_options, content_distribute },
        { NULL, "redistribute", "ID... [--dp NAME...] [--failed]",
          "Send again what distribution points should hold; only missing and bad files travel.", 0, ANY, failed_options,
          content_redistribute },
        { NULL, "remove", "ID... --dp NAME...", "Remove packages from distribution points.", 1, ANY, target_options,
          content_remove },
        { NULL, "cancel", "ID... [--dp NAME...]", "Stop a running distribution; its state becomes INSTALL_FAILED.", 1, ANY,
          target_options, content_cancel },
        { NULL, "validate", "ID...|--all [--dp NAME...]", "Have distribution points read and check every byte they hold.",
          0, ANY, validate_options, content_validate },
        { NULL, "retry", "--failed [ID...] [--dp NAME...]", "Try again everything that failed or was found damaged.", 0,
          ANY, failed_options, content_retry },
        { NULL, "status", "[ID] [--by-site|--by-dp]", "How far packages are: ready or not, why, what next.\n"
          "Success      INSTALLED\n"
          "In progress  INSTALL_PENDING INSTALL_RETRYING CONTENT_UPDATING\n"
          "             REMOVAL_PENDING REMOVAL_RETRYING\n"
          "Error        INSTALL_FAILED REMOVAL_FAILED CONTENT_MONITORING (failed validation)", 0, 1, status_options,
          status_run },
        { NULL, "wait", "ID... [--for WHAT]", "Block until packages are ready; no polling.\n"
          "Ends with 0 done, 4 failed for good, 5 timed out.", 1, ANY, wait_options, wait_run },

        { "program", "create", "ID --name NAME --command-line TEXT", "A program of a package.", 1, 1, program_options,
          program_create },
        { "program", "list", "[ID]", "Programs, of one package or all.", 0, 1, NULL, program_list },
        { "program", "show", "ID NAME", "One program.", 2, 2, NULL, program_show },
        { "program", "set", "ID NAME OPTION...", "Change a program.", 2, 2, program_options, program_set },
        { "program", "delete", "ID NAME", "Delete a program.", 2, 2, NULL, program_delete },
        { "advert", "create", "--name NAME --package ID --program NAME --collection ID",
          "Offer a program to a collection, on every site where its package is ready;\nAdvertisementID on stdout.", 0, 0,
          advert_options, advert_create },
        { "advert", "list", "", "Advertisements.", 0, 0, NULL, advert_list },
        { "advert", "show", "ID", "One advertisement.", 1, 1, NULL, advert_show },
        { "advert", "set", "ID OPTION...", "Change an advertisement.", 1, 1, advert_options, advert_set },
        { "advert", "delete", "ID...", "Withdraw and delete advertisements.", 1, ANY, NULL, advert_delete },
        { "collection", "create", "--name NAME", "A collection; CollectionID on stdout.", 0, 0, collection_options,
          collection_create },
        { "collection", "list", "", "Collections.", 0, 0, NULL, collection_list },
        { "collection", "show", "ID", "One collection and its members.", 1, 1, NULL, collection_show },
        { "collection", "delete", "ID...", "Delete collections.", 1, ANY, NULL, collection_delete },
        { "collection", "add", "ID NAME...", "Make machines members.", 2, ANY, NULL, collection_add },
        { "collection", "remove", "ID NAME...", "Take members out.", 2, ANY, NULL, collection_remove },
        { NULL, "offers", "[--site CODE]", "What clients may install now.", 0, 0, offers_options, offers_run },

        { "job", "list", "", "The transfer queue.", 0, 0, job_list_options, job_list },
        { "job", "cancel", "JOBID...", "Cancel jobs.", 1, ANY, NULL, job_cancel },
        { NULL, "get", "PATH", "One object by its path, or all of a class.\n"
          "tallyman get 'SMS_Package.PackageID=\"P0100001\"'", 1, 1, get_options, object_get },
        { NULL, "put", "PATH K=V...", "Change properties of an object.", 2, ANY, object_options, object_put },
        { NULL, "create", "CLASS K=V...", "A new object of a class; its path is printed.\n"
          "tallyman create __EventFilter Name=f QueryLanguage=WQL Query='SELECT * FROM TM_PackageReady'", 1, ANY, object_options,
          object_create },
        { NULL, "delete", "PATH...", "Delete objects by their paths.", 1, ANY, object_options, object_delete },
        { "subscription", "list", "", "Permanent subscriptions and how they do; tallyman-subscription(7).", 0, 0, NULL,
          subscription_list },
        { "subscription", "failures", "", "Events that were not delivered.", 0, 0, NULL, subscription_failures },
        { NULL, "invoke", "PATH METHOD [K=V...]", "Call a method of an object or, by its bare name, of a class.\n"
          "A list is K=[\"a\",\"b\"].", 2, ANY, object_options, object_invoke },
        { "class", "list", "", "Names of all classes.", 0, 0, NULL, class_list },
        { "class", "show", "NAME", "A class with its properties and methods, as MOF.", 1, 1, NULL, class_show },
        { NULL, "query", "'WQL'", "Rows of a WQL query.\n"
          "tallyman query \"SELECT PackageID, Name FROM SMS_Package WHERE Name LIKE '%office%'\"", 1, 1, object_options, query_run },
        { "wql", "check", "'WQL'", "What kind of query it is, in canonical form, without running it; 2 when it is none.", 1, 1,
          wql_check_options, wql_check },
        { NULL, "watch", "CLASS|'WQL event query'", "Creations, modifications and deletions as they happen: of a class, or\n"
          "tallyman watch \"SELECT * FROM __InstanceCreationEvent WITHIN 5 WHERE TargetInstance ISA 'SMS_Package'\"", 1, 1,
          watch_options, watch_run },
        { NULL, "events", "[--from SEQ]", "The change log of all classes.", 0, 0, events_options, events_run },
        { NULL, "verify", "", "Recount every counter from the rows and say what differs; 1 when something does.", 0, 0,
          verify_options, verify_run },
        { NULL, "diff", "--dp A B", "Packages that two distribution points do not hold alike; 1 when there are any.", 0, 2,
          diff_options, diff_run },
};
const size_t n_verbs = ARRAY_SIZE(verbs);
