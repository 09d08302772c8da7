"""HTTP/1.1 on the wire (RFC 9112), sans-IO: bytes in, our few values out, and back.

    limits  flaws                     how much of anything; every way to be wrong, by name
    authority  fields  framing        one rule each: Host, a field line, how long a body is
    request_head  body                one whole head; one body, followed piece by piece
    judge                             raw bytes of a client, passed on only once they are judged

These are codecs, a third kind beside policies and machines: no clock, no deadline, and one
law of their own: whatever a stream of bytes is cut into, the outcome is the same. Their
oracle is h11: what it refuses is refused here, what both accept means the same.
"""
