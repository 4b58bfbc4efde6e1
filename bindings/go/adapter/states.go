package adapter

import (
	"context"

	"mtsession"
)

// StateStorage keeps how far updates have been read: gotd's updates.StateStorage. S is the client's
// own state, like updates.State.
type StateStorage[S ~struct{ Pts, Qts, Date, Seq int }] struct {
	Session *mtsession.Session
}

type state = struct{ Pts, Qts, Date, Seq int }

// GetState returns the state of the account.
func (s StateStorage[S]) GetState(_ context.Context, userID int64) (S, bool, error) {
	if err := ofAccount(s.Session, userID); err != nil {
		return S{}, false, err
	}
	kept, err := s.Session.UpdateState(0)
	found, err := known(err)
	return S(state{int(kept.Pts), int(kept.Qts), int(kept.Date), int(kept.Seq)}), found, err
}

// SetState sets the state of the account.
func (s StateStorage[S]) SetState(_ context.Context, userID int64, set S) error {
	return s.set(userID, 0, state(set), mtsession.StateAll)
}

// SetPts sets the account's pts; the state must be there.
func (s StateStorage[S]) SetPts(_ context.Context, userID int64, pts int) error {
	return s.set(userID, 0, state{Pts: pts}, mtsession.StatePts, mtsession.MustExist)
}

// SetQts sets the account's qts; the state must be there.
func (s StateStorage[S]) SetQts(_ context.Context, userID int64, qts int) error {
	return s.set(userID, 0, state{Qts: qts}, mtsession.StateQts, mtsession.MustExist)
}

// SetDate sets the account's date; the state must be there.
func (s StateStorage[S]) SetDate(_ context.Context, userID int64, date int) error {
	return s.set(userID, 0, state{Date: date}, mtsession.StateDate, mtsession.MustExist)
}

// SetSeq sets the account's seq; the state must be there.
func (s StateStorage[S]) SetSeq(_ context.Context, userID int64, seq int) error {
	return s.set(userID, 0, state{Seq: seq}, mtsession.StateSeq, mtsession.MustExist)
}

// SetDateSeq sets the account's date and seq; the state must be there.
func (s StateStorage[S]) SetDateSeq(_ context.Context, userID int64, date, seq int) error {
	return s.set(userID, 0, state{Date: date, Seq: seq}, mtsession.StateDate|mtsession.StateSeq,
		mtsession.MustExist)
}

// GetChannelPts returns the pts of a channel.
func (s StateStorage[S]) GetChannelPts(_ context.Context, userID, channelID int64) (int, bool, error) {
	if err := ofAccount(s.Session, userID); err != nil {
		return 0, false, err
	}
	kept, err := s.Session.UpdateState(channelID)
	found, err := known(err)
	return int(kept.Pts), found, err
}

// SetChannelPts sets the pts of a channel.
func (s StateStorage[S]) SetChannelPts(_ context.Context, userID, channelID int64, pts int) error {
	return s.set(userID, channelID, state{Pts: pts}, mtsession.StatePts)
}

// ForEachChannels calls f for each channel with a state, until it fails.
func (s StateStorage[S]) ForEachChannels(
	ctx context.Context, userID int64, f func(ctx context.Context, channelID int64, pts int) error,
) error {
	if err := ofAccount(s.Session, userID); err != nil {
		return err
	}
	for kept, err := range s.Session.UpdateStates() {
		if err != nil {
			return err
		}
		if kept.ID == 0 {
			continue
		}
		if err := f(ctx, kept.ID, int(kept.Pts)); err != nil {
			return err
		}
	}
	return nil
}

func (s StateStorage[S]) set(
	userID, id int64, set state, fields mtsession.StateFields, flags ...mtsession.SetFlag,
) error {
	if err := ofAccount(s.Session, userID); err != nil {
		return err
	}
	patch := mtsession.UpdateState{ID: id, Date: int64(set.Date), Fields: fields}
	var err error
	if patch.Pts, err = int32Of("pts", set.Pts); err != nil {
		return err
	}
	if patch.Qts, err = int32Of("qts", set.Qts); err != nil {
		return err
	}
	if patch.Seq, err = int32Of("seq", set.Seq); err != nil {
		return err
	}
	return s.Session.SetUpdateState(patch, flags...)
}
