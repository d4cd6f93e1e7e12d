"""How long networks ran, as each thread sees it."""

from __future__ import annotations

import threading

import numpy as np

from facefusion.inference.model_time import ModelTime
from facefusion.inference.session import Session, SessionFactory
from generated.sessions import PICTURES, picture_net


def test_a_thread_sees_what_ran_in_it():
    spent = ModelTime()
    session = Session(picture_net(batch="n").SerializeToString, contract=PICTURES, model_time=spent)
    seen = []

    def elsewhere():
        before = spent.here
        session.run(np.zeros((4, 3, 16, 16), np.float32))
        seen.append((before, spent.here))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert spent.here == 0
    assert 0 == seen[0][0] < seen[0][1]
    session.run(np.zeros((1, 3, 16, 16), np.float32))
    assert spent.here > 0


def test_networks_of_one_factory_are_counted_together():
    sessions = SessionFactory(("cpu",))
    seen = [sessions.model_time.here]
    for model, side in (("iris", 64), ("face_mesh", 192)):
        sessions.open(model).run(np.zeros((1, 3, side, side), np.float32))
        seen.append(sessions.model_time.here)
    assert 0 == seen[0] < seen[1] < seen[2]
