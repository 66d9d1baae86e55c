"""The rows of `every_row.py`: a file of the examples, its model, and the task that it learns."""

from __future__ import annotations

from collections.abc import Callable

import picture_tasks
import text_tasks
from tasks import Task

ROWS: dict[str, tuple[str, str, Callable[[], Task]]] = {
    "01": ("01_first_mlp.k", "FirstMlp", picture_tasks.flat),
    "02": ("02_mlp.k", "Mlp", picture_tasks.mlp),
    "03": ("03_mlp_binary.k", "BinaryMlp", picture_tasks.binary_mlp),
    "05": ("05_lstm_text.k", "TextClassifier", text_tasks.text_classifier),
    "06": ("06_conv1d.k", "SequenceClassifier", text_tasks.sequences),
    "07": ("07_stacked_lstm.k", "StackedLstm", picture_tasks.stacked_lstm),
    "08": ("08_stateful_lstm.k", "StatefulLstm", picture_tasks.stateful_lstm),
    "09": ("09_functional_mlp.k", "FunctionalMlp", picture_tasks.flat),
    "10": ("10_model_over_time.k", "Film", picture_tasks.film),
    "11": ("11_headline.k", "Headline", text_tasks.headline),
    "12": ("12_same_author.k", "SameAuthor", text_tasks.same_author),
    "16": ("16_same_digit.k", "SameDigit", picture_tasks.same_digit),
    "17": ("17_visual_question.k", "VisualQuestion", picture_tasks.visual_question),
    "18": ("18_video_question.k", "VideoQuestion", picture_tasks.video_question),
    "19": ("19_text_question.k", "TextQuestion", text_tasks.text_question),
    "20": ("20_posts.k", "Posts", text_tasks.posts),
    "23": ("23_siamese_open_length.k", "Siamese", text_tasks.siamese),
    "25": ("25_answer_ranking.k", "AnswerRanking", text_tasks.answer_ranking),
    "26": ("26_centre_loss.k", "CentreLoss", picture_tasks.centre_loss),
    "27": ("27_antirectifier.k", "AntirectifierMlp", picture_tasks.flat),
    "35": ("35_augmented.k", "Augmented", picture_tasks.augmented),
    "36": ("36_spatial_pyramid.k", "SpatialPyramid", picture_tasks.pyramid),
    "37": ("37_captions.k", "Captions", picture_tasks.captions),
    "38": ("38_region_proposals.k", "RegionProposals", picture_tasks.region_proposals),
    "40": ("40_spearman.k", "Spearman", text_tasks.spearman),
    "41": ("41_catalogue.k", "Catalogue", picture_tasks.catalogue),
    "44": ("44_what_where.k", "WhatWhere", picture_tasks.what_where),
    "46a": ("46_core_layers.k", "BothDirections", text_tasks.tags),
    "46b": ("46_core_layers.k", "Gated", text_tasks.series),
    "46c": ("46_core_layers.k", "Attentive", text_tasks.answered),
}
