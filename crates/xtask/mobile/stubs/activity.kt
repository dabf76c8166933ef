package android.app

abstract class Activity : android.content.Context()
