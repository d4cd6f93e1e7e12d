"""Days and moments as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from facefusion.errors import OptionsError


def moment(text: str, flag: str, *, end: bool) -> datetime:
    """Return a moment, in UTC.

    Args:
        text: a day such as 2027-06-30, or a moment in ISO 8601; in UTC unless it says otherwise.
        flag: for messages.
        end: whether a day stands for its end.

    Raises:
        OptionsError: it is neither.
    """
    try:
        if len(text) == len("2027-06-30"):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time(), UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise OptionsError(
            f"{flag} {text!r} is no day and no moment", "Write it as 2027-06-30 or 2027-06-30T12:00+02:00"
        ) from error


def ending(text: str | None, begins: datetime) -> datetime | None:
    """Return the moment of `--until`, None where none was given.

    Raises:
        OptionsError: it is none, or not after the beginning.
    """
    if text is None:
        return None
    until = moment(text, "--until", end=True)
    if until <= begins:
        raise OptionsError(f"--until {text} is over before it begins", "Choose a later day")
    return until
