/* SPDX-License-Identifier: Apache-2.0 */
/* programs - what a client runs from a package */
#include "howto.h"

#include <stdlib.h>
#include <string.h>

enum { ANY_PLATFORM = 0x08000000 };

static char *program_path(const struct howto *h, const char *name)
{
        return path_of("SMS_Program.PackageID='%s',ProgramName='%s'", h->package, name);
}

/* "How to Create a Program": SpawnInstance_, PackageID, ProgramName, Comment, CommandLine, Put_. */
static void create_a_program(struct howto *h)
{
        json_t *stored = put_new(h, "SMS_Program", json_pack("{ss ss ss ss si}", "PackageID", h->package, "ProgramName",
                                                             "New Program", "Comment", "Install the product", "CommandLine",
                                                             "setup.bin /q", "Duration", 10));
        char *path = program_path(h, "New Program");
        json_t *program = get_object(h, path);

        ok(h, has_text(stored, "ProgramName", "New Program") && has_text(program, "CommandLine", "setup.bin /q") &&
                has_text(program, "Comment", "Install the product") && number_of(program, "Duration") == 10,
           "10: a program is created");
        ok(h, !put_new(h, "SMS_Program", json_pack("{ss ss}", "PackageID", h->package, "ProgramName", "new program")) &&
                failed_with(h, TALLYMAN_E_EXISTS, NULL), "10: not twice under one name");
        ok(h, !put_new(h, "SMS_Program", json_pack("{ss ss}", "PackageID", "P01FFFFF", "ProgramName", "x")),
           "10: nor of a package that is not there");
        json_decref(program);
        json_decref(stored);
        free(path);
}

/* "How to Modify a Program": Get by both keys, Description and Comment, Put_. */
static void modify_a_program(struct howto *h)
{
        char *path = program_path(h, "New Program");
        json_t *program = get_object(h, path);

        json_object_set_new(program, "Description", json_string("described"));
        json_object_set_new(program, "Comment", json_string("changed"));
        ok(h, put_back(h, path, program), "11: a program is put back");
        json_decref(program);
        program = get_object(h, path);
        ok(h, has_text(program, "Description", "described") && has_text(program, "Comment", "changed") &&
                has_text(program, "CommandLine", "setup.bin /q"), "11: with what was changed");
        json_decref(program);
        free(path);
}

/* "How to Modify the Maximum Run Time for a Program": query by package, find the name, Duration, Put_ of the row. */
static void change_the_run_time(struct howto *h)
{
        char *wql = path_of("SELECT * FROM SMS_Program WHERE PackageID='%s'", h->package), *path = program_path(h, "New Program");
        json_t *rows = exec_query(h, wql), *row, *program;
        size_t i;

        json_array_foreach(rows, i, row) {
                if (!has_text(row, "ProgramName", "New Program"))
                        continue;
                json_object_set_new(row, "Duration", json_integer(60));
                ok(h, put_back(h, text_of(row, "__RELPATH"), row), "12: the row of a query is put");
        }
        program = get_object(h, path);
        ok(h, number_of(program, "Duration") == 60, "12: the program may run an hour");
        json_decref(program);
        json_decref(rows);
        free(path);
        free(wql);
}

/* "How to List the Programs and Maximum Run Times": ExecQuery of packages, then of each package's programs. */
static void list_programs(struct howto *h)
{
        json_t *packages = exec_query(h, "SELECT * FROM SMS_Package"), *package;
        unsigned n = 0;
        size_t i;

        json_array_foreach(packages, i, package) {
                char *wql = path_of("SELECT * FROM SMS_Program WHERE PackageID='%s'", text_of(package, "PackageID"));
                json_t *programs = exec_query(h, wql), *program;
                size_t k;

                json_array_foreach(programs, k, program) {
                        n += has_text(package, "PackageID", h->package) && has_text(program, "ProgramName", "New Program") &&
                             number_of(program, "Duration") == 60;
                }
                json_decref(programs);
                free(wql);
        }
        ok(h, n == 1, "13: packages, their programs and run times");
        json_decref(packages);
}

static bool add_platform(struct howto *h, const char *path, const char *name)
{
        json_t *program = get_object(h, path), *list = json_incref(json_object_get(program, "SupportedOperatingSystems"));
        bool good;

        json_object_set_new(program, "ProgramFlags", json_integer(number_of(program, "ProgramFlags") & ~(json_int_t)ANY_PLATFORM));
        if (!json_is_array(list)) {
                json_decref(list);
                list = json_array();
        }
        json_array_append_new(list, json_pack("{ss ss ss ss ss}", "__CLASS", "SMS_OS_Details", "MaxVersion", "5.00.9999.9999",
                                              "MinVersion", "5.00.0000.0", "Name", name, "Platform", "I386"));
        json_object_set_new(program, "SupportedOperatingSystems", list);
        good = put_back(h, path, program);
        json_decref(program);
        return good;
}

/* "How to Modify the Supported Platforms for a Program": query, Get by the relative path since the list is lazy, clear
 * ANY_PLATFORM, append, Put_. */
static void modify_the_platforms(struct howto *h)
{
        char *wql = path_of("SELECT * FROM SMS_Program WHERE PackageID='%s' AND ProgramName='New Program'", h->package);
        json_t *row = first_of(h, wql), *program, *list;
        const char *path = text_of(row, "__RELPATH");

        ok(h, put_some(h, path, json_pack("{sI}", "ProgramFlags", (json_int_t)(number_of(row, "ProgramFlags") | ANY_PLATFORM))),
           "14: any platform at first");
        ok(h, add_platform(h, path, "Win NT") && add_platform(h, path, "Win 9x"), "14: a platform, and another behind it");
        program = get_object(h, path);
        list = json_object_get(program, "SupportedOperatingSystems");
        ok(h, json_array_size(list) == 2 && has_text(json_array_get(list, 1), "Name", "Win 9x") &&
                has_text(json_array_get(list, 0), "MaxVersion", "5.00.9999.9999") && !(number_of(program, "ProgramFlags") & ANY_PLATFORM),
           "14: both are there, any platform is not");
        json_decref(program);
        json_decref(row);
        row = first_of(h, wql);
        ok(h, row && json_is_null(json_object_get(row, "SupportedOperatingSystems")), "14: a query leaves the lazy list out");
        json_object_set_new(row, "Comment", json_string("put from a query"));
        ok(h, put_back(h, text_of(row, "__RELPATH"), row), "14: such a row is put back");
        program = get_object(h, text_of(row, "__RELPATH"));
        ok(h, json_array_size(json_object_get(program, "SupportedOperatingSystems")) == 2 &&
                has_text(program, "Comment", "put from a query"), "14: which does not empty the lazy list");
        json_decref(program);
        json_decref(row);
        free(wql);
}

void howtos_of_programs(struct howto *h)
{
        create_a_program(h);
        modify_a_program(h);
        change_the_run_time(h);
        list_programs(h);
        modify_the_platforms(h);
}
