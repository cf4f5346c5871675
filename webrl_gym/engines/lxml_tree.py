"""From an lxml document to the page tree that the simplifier reads."""

from __future__ import annotations

from collections.abc import Sequence

from lxml.html import HtmlElement

from webrl_gym.engines import forms
from webrl_gym.types import PageNode


def page_node(element: HtmlElement) -> PageNode:
    """Copies an lxml element into a page tree, with form state as a browser would report it."""
    tag = str(element.tag)
    node = PageNode(tag, dict(element.attrib), [], element)
    if tag == "textarea":
        node.attrs["value"] = element.text or ""
        return node
    if tag in ("script", "style", "iframe"):
        return node
    children = node.children
    if element.text:
        children.append(element.text)
    chosen = forms.selected_options(element) if tag == "select" else ()
    for child in element:
        if isinstance(child.tag, str):
            children.append(page_node(child))
        if child.tail:
            children.append(child.tail)
    if chosen:
        _mark_selected(node, chosen)
    if tag == "fieldset" and "disabled" in node.attrs:
        _mark_disabled(node)
    return node


def _mark_selected(select: PageNode, chosen: Sequence[HtmlElement]) -> None:
    for child in select.children:
        if isinstance(child, PageNode):
            if child.ref in chosen:
                child.attrs["selected"] = "selected"
            else:
                child.attrs.pop("selected", None)
            _mark_selected(child, chosen)


def _mark_disabled(fieldset: PageNode) -> None:
    """Disables the controls of a disabled field set."""
    for child in fieldset.children:
        if isinstance(child, PageNode):
            if isinstance(child.ref, HtmlElement) and forms.is_disabled(child.ref):
                child.attrs["disabled"] = "disabled"
            _mark_disabled(child)
