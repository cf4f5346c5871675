"""Exceptions of the environment.

WebRLGymError
├── TaskFileError            a task file or record cannot be used
├── InfrastructureError      the world around the agent failed; never the agent's fault
│   ├── SiteError            a site did not answer as a site should
│   │   ├── WorldBuildError  an embedded site's database could not be built
│   │   ├── SignInFailed     a site of a deployment does not take the account
│   │   ├── ResetFailed      a deployment did not become as new
│   │   └── DeploymentBusy   other episodes hold a deployment for too long
│   └── BrowserError         the browser, its driver or its page failed
│       └── BrowserMissing   no Chromium could be found or started
├── ActionError              the agent's action cannot be carried out
│   ├── ActionSyntaxError    the text is not an action of the language
│   └── ActionTargetError    the element or option it names is not there or not usable
├── EvaluationError          an evaluator could not tell; the episode is unscored
│   ├── MalformedReference   a record's references are not of the form that an evaluator needs
│   ├── FuzzyUndecided       no rule and no judge could tell whether an answer means the reference
│   └── NothingLocated       a locator matches nothing on its page (scores as an empty text)
├── CompletionFailed         a language model's server gave no completion for a request
│   └── PromptTooLarge       … since the prompt is longer than it takes
├── ServerRefused            it gives none for any: key, model name or address are wrong
└── ScorerError              the YES/NO scorer of an outcome reward model failed
    └── PromptUnreadable     … at this prompt, which is too long for it

``ActionError`` never leaves ``env.step``: it becomes text in the next observation.
``InfrastructureError`` never leaves ``env.step`` either (the episode is truncated and
``info["failure"]`` says why); it leaves ``env.reset`` after one retry, or without one where that is hopeless.
``ServerRefused`` leaves everything: no further episode could be judged or played.
"""

from __future__ import annotations


class WebRLGymError(Exception):
    """Base of every exception this package raises on purpose."""


class TaskFileError(WebRLGymError):
    """Raised when a task file or a task record cannot be used."""


class InfrastructureError(WebRLGymError):
    """Raised when sites, browser or machine fail; never counted against the agent.

    Attributes:
        is_passing: False for what a second try at once cannot mend.
    """

    is_passing = True


class SiteError(InfrastructureError):
    """Raised when a site does not answer as a site should."""


class WorldBuildError(SiteError):
    """Raised when the database of an embedded site cannot be built or opened."""


class SignInFailed(SiteError):
    """Raised when a site of a deployment does not take the account; the message holds neither name nor password."""

    is_passing = False


class ResetFailed(SiteError):
    """Raised when a deployment could not be made as new within its time budget."""

    is_passing = False


class DeploymentBusy(SiteError):
    """Raised when other episodes hold a deployment for longer than this one may wait."""

    is_passing = False


class BrowserError(InfrastructureError):
    """Raised when the browser, its driver process or its page fails."""


class BrowserMissing(BrowserError):
    """Raised when no Chromium can be found or started."""


class ActionError(WebRLGymError):
    """Raised when an action cannot be carried out; its text is written for the agent."""


class ActionSyntaxError(ActionError):
    """Raised when a text is not an action of the language."""


class ActionTargetError(ActionError):
    """Raised when the element or option that an action names is missing or not usable."""


class EvaluationError(WebRLGymError):
    """Raised when an evaluator cannot tell whether a task was done."""


class MalformedReference(EvaluationError):
    """Raised when a record's references are not of the form that an evaluator needs, or of no known kind."""


class FuzzyUndecided(EvaluationError):
    """Raised when neither a rule nor a judge can tell whether an answer means what the reference says."""


class NothingLocated(EvaluationError):
    """Raised when a locator matches nothing on its page; for WebArena that is an empty text, not a failure."""


class CompletionFailed(WebRLGymError):
    """Raised when a language model's server gives no completion for a request."""


class PromptTooLarge(CompletionFailed):
    """Raised when a language model's server says that a prompt is longer than it takes."""


class ServerRefused(WebRLGymError):
    """Raised when a language model's server refuses every request or is not there; the message says what to check."""


class ScorerError(WebRLGymError):
    """Raised when a YES/NO scorer does not give a probability."""


class PromptUnreadable(ScorerError):
    """Raised when a scorer cannot read one prompt, which says nothing of others."""
