"""Official tasks about customers, content pages and themes."""

from __future__ import annotations

from webrl_gym.actions import leave
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.official.shopping_admin.moves import perturbed
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.shopping_admin_moves import find_rows, follow_row, open_list, open_record


def _open_menu(section: str, entry: str) -> Solve:
    """Goes to a page of the menus and stays there."""

    def solve(page: PageView) -> Oracle:
        yield from open_list(page, section, entry)
        yield leave()

    return solve


def _solve_owner(page: PageView) -> Oracle:
    (phone,) = asked(page, r"phone number (\d+)")
    page = yield from find_rows(page, "Customers", "All Customers", phone)
    row = page.row(phone)
    yield leave(f"{row['Name']}, {row['Email']}")


def _preview(name: str) -> Solve:
    """Opens a theme; ``name`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        (wanted,) = asked(page, r"Preview the (.+) theme")
        page = yield from open_list(page, "Content", "Themes")
        yield follow_row(page, name or wanted)
        yield leave()

    return solve


def _rename(page_name: str) -> Solve:
    """Changes the title of a content page; ``page_name`` stands in for the one in the instruction."""

    def solve(page: PageView) -> Oracle:
        wanted, title = asked(page, r'title of "(.+?)" page .* to "(.+)"')
        page = yield from open_record(page, "Content", "Pages", page_name or wanted)
        page = yield page.type("Page Title", title)
        yield page.click("Save", tag="button")
        yield leave()

    return solve


CONTENT_SCRIPTS = (
    Script(task_id=40, solve=_open_menu("Customers", "All Customers"), twin=_open_menu("Catalog", "Products")),
    Script(
        task_id=50,
        solve=_solve_owner,
        twin="Sean Miller, sarah.miller@gmail.com",
        perturbation=perturbed(
            "UPDATE customer SET email = 'sean@example.com' WHERE telephone = '8015551212'", "sean@example.com"
        ),
    ),
    Script(task_id=88, solve=_preview(""), twin=_preview("Magento Luma")),
    Script(task_id=113, solve=_rename(""), twin=_rename("About us")),
)
