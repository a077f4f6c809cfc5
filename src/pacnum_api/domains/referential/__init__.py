"""Frameworks of digital competences: what can be measured, on which scale.

Vocabulary: a *framework* (DigComp, CRCN) has *areas*; an area has *competences*; a competence is
held at a *proficiency level* (1–8; 0 is «not yet level 1»); levels are grouped in *bands*. A
*crosswalk* relates the competences of two frameworks by SKOS mapping properties. A *learning
outcome* says what somebody at a level knows or can do, under a published identifier.

Invariants: a published version of a framework or crosswalk never changes (other content needs a
higher version number); the levels of a framework begin at increasing abilities; its correlation
matrix is positive definite.
"""
