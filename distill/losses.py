"""The article's distillation loss, and the cross entropy that it is compared with.

    loss = alpha * KL(softmax(teacher / T) || softmax(student / T)) * T^2
         + beta * MSE(hidden of student, hidden of teacher)

Both terms are means over tokens, weighted: a padded token has weight 0, so does one of the prompt;
a token of a key step may weigh more. With weights of 0 and 1 this is the golden fixture's
`masked_token_mean`, with all ones its `batchmean_flattened`.
"""

import torch
import torch.nn.functional as F


def weighted_mean(per_token, weights):
    return (per_token * weights).sum() / weights.sum()


def kl_per_token(student_logits, teacher_logits, temperature):
    """KL(teacher || student) at `temperature`, without the factor T^2."""
    student = F.log_softmax(student_logits / temperature, dim=-1)
    teacher = F.log_softmax(teacher_logits / temperature, dim=-1)
    return (teacher.exp() * (teacher - student)).sum(-1)


def distillation_loss(student, teacher, weights, temperature=2.0, alpha=0.7, beta=0.3):
    """student, teacher: (logits [..., vocab], hidden [..., width]); weights [...].

    Returns the loss and its two parts before alpha and beta (KL * T^2, MSE).
    """
    kl = weighted_mean(kl_per_token(student[0], teacher[0], temperature), weights)
    kl = kl * temperature ** 2
    mse = weighted_mean((student[1] - teacher[1]).square().mean(-1), weights)
    return alpha * kl + beta * mse, kl, mse


def cross_entropy(logits, targets, weights):
    per_token = F.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none")
    return weighted_mean(per_token, torch.flatten(weights))
