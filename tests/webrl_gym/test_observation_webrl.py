from __future__ import annotations

from webrl_gym.observation_webrl import LayoutPage, simplify_webrl
from webrl_gym.types import PageNode, PageSnapshot


def read(*nodes: PageNode) -> LayoutPage:
    return simplify_webrl(PageSnapshot("http://a.test/", "A", PageNode("#document", {}, list(nodes)), ("A",), 0))


def test_tags_nest_on_one_line() -> None:
    cell = PageNode("td", {"data-bbox": "1,2,3,4"}, ["a", PageNode("a", {"id": "0"}, ["b"])])
    assert read(PageNode("tr", {}, [cell]), PageNode("p")).text == (
        '<tr> <td data-bbox="1,2,3,4"> a <a id="0"> b </a> </td> </tr> <p> </p>'
    )


def test_attributes_come_in_the_order_of_the_format_and_others_not_at_all() -> None:
    attrs = {
        "data-status": "s",
        "role": "r",
        "data-bbox": "0,0,1,1",
        "type": "t",
        "value": "v",
        "title": "T",
        "id": "3",
    }
    assert read(PageNode("input", attrs)).text == (
        '<input id="3" title="T" value="v" type="t" data-bbox="0,0,1,1" data-status="s"> </input>'
    )


def test_a_value_is_said_once_and_an_empty_one_not_at_all() -> None:
    attrs = {"title": " ", "value": "Save", "type": "", "data-value": " Save ", "data-text": "save"}
    assert read(PageNode("button", attrs)).text == '<button value="Save" data-text="save"> </button>'


def test_texts_and_values_are_cut() -> None:
    page = read(PageNode("p", {"data-text": " " + "x" * 600}, [" " + "y" * 600, PageNode("b", {}, ["z"])]))
    assert page.text == f'<p data-text="{"x" * 500}"> {"y" * 500} <b> z </b> </p>'


def test_ids_lead_to_their_elements() -> None:
    inner = PageNode("a", {"id": "0"}, ref=[0, 7])
    outer = PageNode("button", {"id": "1"}, ref=[0, 3])
    page = read(PageNode("div", {}, [inner]), outer, PageNode("p", {}, ref=[0, 9]))
    assert page.elements == {"0": inner, "1": outer}


def test_an_empty_document_is_an_empty_text() -> None:
    assert read() == LayoutPage("", {})
