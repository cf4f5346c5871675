import pytest
import torch

from agents.shapes import require_rank, require_same_shape


def test_equal_shapes_pass():
    require_same_shape(value=torch.zeros(3), reward=torch.ones(3))
    require_same_shape()
    require_rank(2, logits=torch.zeros(3, 1))


def test_messages_name_every_tensor():
    with pytest.raises(ValueError, match=r"value \(3,\), reward \(3, 1\)"):
        require_same_shape(value=torch.zeros(3), reward=torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"logits with 2 dimensions, got shape \(3,\)"):
        require_rank(2, logits=torch.zeros(3))
